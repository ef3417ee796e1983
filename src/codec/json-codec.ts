import type { Codec, Encode, Encoding } from './codec.ts';
import type { BoundedEncoderOptions } from './limits.ts';
import { boundedEncoder, defaultEncoding } from './limits.ts';

type Parts = Pick<Codec, 'maxRecords' | 'maxBytes' | 'framing'> & Pick<BoundedEncoderOptions, 'mapper' | 'renameKey'>;

/** A codec that writes records by a mapper, within limits and without secrets. */
export function jsonCodec({ maxRecords, maxBytes, framing, ...mapping }: Parts): Codec {
  const encoder = (encoding: Encoding): Encode => boundedEncoder({ ...mapping, ...encoding });
  let usual: Encode | undefined;
  return {
    maxRecords,
    maxBytes,
    framing,
    encoder,
    // Made when it is needed: a destination has its own.
    encode: (record) => {
      usual ??= encoder(defaultEncoding());
      return usual(record);
    },
  };
}
