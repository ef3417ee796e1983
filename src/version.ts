/** Name and version of this package as they appear in payloads and metrics; a test compares them with package.json. */
export const SDK_NAME = 'logferry';
export const SDK_VERSION = '0.1.0';
