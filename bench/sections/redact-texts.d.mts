export declare const TEXTS: Readonly<Record<string, (length: number) => string>>;
