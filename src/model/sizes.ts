/** The network's sizes, in bytes unless the name says otherwise (CESS runtime: cess-node primitives). */
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** A file is cut into segments of this size; the last one is filled with zeros. */
export const SEGMENT_SIZE = 32 * MIB;
/** Each segment becomes this many data fragments … */
export const DATA_FRAGMENTS = 4;
/** … and this many parity fragments: any 4 of the 12 restore it. */
export const PARITY_FRAGMENTS = 8;
export const FRAGMENTS = DATA_FRAGMENTS + PARITY_FRAGMENTS;
export const FRAGMENT_SIZE = SEGMENT_SIZE / DATA_FRAGMENTS;
/** Segments of encrypted files are cut into chunks of this size, each authenticated and decrypted by itself … */
export const CHUNK_SIZE = 64 * KIB;
/** … and ends with its authentication tag. */
export const CHUNK_TAG = 16;
/** Object bytes of a chunk. */
export const CHUNK_CONTENT = CHUNK_SIZE - CHUNK_TAG;
/** The first bytes of a pack, before its first object. */
export const PACK_HEADER_BYTES = 64;
/** Bytes charged to the owner's territory for each started segment (3 copies). */
export const CHARGED_PER_SEGMENT = 3 * SEGMENT_SIZE;
/** The chain refuses files with more segments. A larger object is stored as several files. */
export const MAX_SEGMENTS_PER_FILE = 1000;
