import { KeyRing } from "../../src/keys/key-ring.js";

export const masterKey = Buffer.alloc(32, 1);

/** Keys that are the same in every run. */
export const testKeys = new KeyRing({
  master: [masterKey],
  kms: new Map([
    ["aws/s3", [Buffer.alloc(32, 2)]],
    ["payroll", [Buffer.alloc(32, 3)]],
  ]),
  ciphers: new Map([["friends", "open sesame"]]),
});
