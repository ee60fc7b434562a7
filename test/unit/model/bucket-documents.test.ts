import { expect } from "chai";
import {
  BucketDocuments,
  DamagedDocument,
  documentNames,
  readDocument,
  writeDocument,
  type BucketDocument,
  type DocumentName,
} from "../../../src/model/bucket-documents.js";
import { ALL_BLOCKED } from "../../../src/model/public-access.js";
import { bucketPolicy } from "../../support/bucket-policy.js";

/** Documents of each name that together have every member. */
const documents: { readonly [Name in DocumentName]: readonly BucketDocument<Name>[] } = {
  acl: [
    {
      owner: "alice",
      grants: [
        { grantee: { id: "bob" }, permission: "FULL_CONTROL" },
        { grantee: { group: "everybody" }, permission: "READ" },
      ],
    },
  ],
  cors: [
    [],
    [
      { id: "one", origins: ["*"], methods: ["GET", "PUT"], headers: ["x-*"], exposed: ["ETag"], maxAge: 60 },
      { origins: [], methods: [], headers: [], exposed: [] },
    ],
  ],
  encryption: [
    { algorithm: "AES256" },
    { algorithm: "aws:kms", keyId: "payroll", bucketKey: true, blocksCustomerKeys: false },
  ],
  lifecycle: [
    { rules: [], transitionDefaultMinimumObjectSize: "varies_by_storage_class" },
    {
      rules: [
        {
          id: "all",
          enabled: true,
          filter: { form: "and", prefix: "logs/", tags: [{ key: "k", value: "v" }], sizeOver: 1, sizeUnder: 9 },
          expiration: { days: 30 },
          noncurrent: { days: 3, keep: 2 },
          abortUploadsAfterDays: 7,
          transitions: [
            { storageClass: "GLACIER", at: { days: 1 } },
            { storageClass: "DEEP_ARCHIVE", at: { date: 86_400_000 } },
          ],
          noncurrentTransitions: [{ storageClass: "GLACIER", days: 1, keep: 1 }],
        },
        { id: "date", enabled: false, filter: { form: "prefix" }, expiration: { date: 86_400_000 } },
        { id: "markers", enabled: true, filter: { form: "filter" }, expiration: { deleteMarkers: true } },
      ],
      transitionDefaultMinimumObjectSize: "all_storage_classes_128K",
    },
  ],
  logging: [
    {
      targetBucket: "logs",
      targetPrefix: "",
      grants: [{ grantee: { id: "bob" }, permission: "READ" }],
      keyFormat: "EventTime",
    },
  ],
  notification: [
    {
      rules: [
        { id: "1", webhook: "hook", events: ["s3:ObjectCreated:*", "cess:ObjectStored"], prefix: "a", suffix: ".jpg" },
      ],
    },
  ],
  "object-lock": [{}, { defaultRetention: { mode: "GOVERNANCE", days: 1, years: 2 } }],
  ownershipControls: ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"],
  policy: [bucketPolicy("box", { actions: "s3:GetObject", resources: ["box/*"] })],
  publicAccessBlock: [ALL_BLOCKED],
  requestPayment: ["Requester", "BucketOwner"],
  tagging: [[], [{ key: "k", value: "" }]],
  versioning: ["Enabled", "Suspended"],
  website: [
    { redirectAll: { host: "example.com", protocol: "https" } },
    {
      index: "index.html",
      error: "error.html",
      rules: [
        {
          prefix: "old/",
          errorStatus: 404,
          redirect: { protocol: "http", host: "h", replacePrefixWith: "new/", replaceKeyWith: "k", status: 302 },
        },
        { redirect: {} },
      ],
    },
  ],
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every value made from this one by one change, wherever in it. */
function* changed(value: unknown, change: (value: unknown) => readonly unknown[]): Generator {
  yield* change(value);
  if (Array.isArray(value))
    for (const [place, member] of value.entries())
      for (const other of changed(member, change)) yield (value as unknown[]).with(place, other);
  if (isObject(value))
    for (const [name, member] of Object.entries(value))
      for (const other of changed(member, change)) yield { ...value, [name]: other };
}

/** The texts of every document that stands in the catalog as JSON; a policy is its owner's text and read by its own rules. */
const written: readonly (readonly [DocumentName, string])[] = documentNames.flatMap((name) =>
  documents[name].map((document) => [name, writeDocument(name, document as never)] as const),
);
const isText = (text: string) => !/^[[{]/.test(text);

function expectDamaged(name: DocumentName, text: string): void {
  let error: unknown;
  try {
    readDocument("box", name, text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error, `${name}: ${text}`).to.be.instanceOf(DamagedDocument);
  const { message, cause } = error as DamagedDocument;
  expect(message)
    .to.contain("bucket box")
    .and.to.match(new RegExp(`\\b${name}\\b`));
  expect(cause).to.be.instanceOf(Error);
}

describe("Bucket documents", () => {
  it("survive being written and read, each of every name", () => {
    for (const name of documentNames) {
      for (const document of documents[name]) {
        const text = writeDocument(name, document as never);
        expect(readDocument("box", name, text), name).to.deep.equal(document);
      }
    }
  });

  it("give a policy back as its owner wrote it", () => {
    const text = ' {"Statement" : [{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::box"}]}\n';
    expect(writeDocument("policy", readDocument("box", "policy", text))).to.equal(text);
  });

  it("are damaged where they are not JSON, or not the word that they should be", () => {
    for (const [name, text] of written) {
      for (const damaged of ["", "{", "x", "undefined", text.slice(0, -1), `${text}x`, `\u0000${text}`])
        expectDamaged(name, damaged);
    }
  });

  it("are damaged where they have another shape", () => {
    for (const [name, text] of written) {
      for (const damaged of ["null", "7", "true", '"text"', "[[]]", "[null]", '{"a":1}', '"Enabled"'])
        expectDamaged(name, damaged);
      if (isText(text)) expectDamaged(name, text.toLowerCase());
    }
  });

  it("are damaged where any value in them, however deep, is of another type", () => {
    const others = (value: unknown) => [null, 7.5, "unheard of", [[]]].filter((other) => typeof other !== typeof value);
    for (const [name, text] of written) {
      if (isText(text) || name === "policy") continue;
      for (const damaged of changed(JSON.parse(text), others)) expectDamaged(name, JSON.stringify(damaged));
    }
  });

  it("are damaged where a word in them is none of those that it may be", () => {
    const words: readonly (readonly [DocumentName, readonly string[]])[] = [
      ["acl", ["FULL_CONTROL"]],
      ["cors", ["GET"]],
      ["encryption", ["AES256"]],
      ["lifecycle", ["and", "GLACIER"]],
      ["logging", ["EventTime"]],
      ["notification", ["s3:ObjectCreated:*"]],
      ["object-lock", ["GOVERNANCE"]],
      ["website", ["https"]],
    ];
    for (const [name, each] of words) {
      const texts = documents[name].map((document) => writeDocument(name, document as never));
      for (const word of each) {
        const text = texts.find((candidate) => candidate.includes(`"${word}"`))!;
        expectDamaged(name, text.replace(`"${word}"`, '"unheard of"'));
      }
    }
  });

  it("are damaged where they have a member that is not known, however deep", () => {
    const more = (value: unknown) => (isObject(value) ? [{ ...value, unheardOf: 1 }] : []);
    for (const [name, text] of written) {
      if (isText(text)) continue;
      for (const damaged of changed(JSON.parse(text), more)) expectDamaged(name, JSON.stringify(damaged));
    }
  });

  it("are damaged where they speak of another bucket: a policy that was moved never opens this one", () => {
    const { text } = bucketPolicy("attic", { actions: "s3:*" });
    expectDamaged("policy", text);
  });
});

describe("The documents of one bucket", () => {
  const whole = new Map(documentNames.map((name) => [name, writeDocument(name, documents[name][0] as never)]));

  it("are there where they were set, and undefined where they were not", () => {
    for (const missing of documentNames) {
      const all = new BucketDocuments("box", new Map([...whole].filter(([name]) => name !== missing)));
      for (const name of documentNames)
        expect(all.get(name)).to.deep.equal(name === missing ? undefined : documents[name][0]);
    }
  });

  it("can be read though one of them is damaged, which is an error each time that it is asked for", () => {
    for (const damaged of documentNames) {
      const all = new BucketDocuments("box", new Map([...whole, [damaged, "{"]]));
      for (const turn of [1, 2]) {
        for (const name of documentNames) {
          if (name === damaged)
            expect(() => all.get(name), `${name}, turn ${turn}`).to.throw(DamagedDocument, `${damaged} document`);
          else expect(all.get(name)).to.deep.equal(documents[name][0]);
        }
      }
    }
  });

  it("are parsed once", () => {
    const all = new BucketDocuments("box", whole);
    expect(all.get("policy")).to.equal(all.get("policy"));
    expect(all.get("tagging")).to.equal(all.get("tagging"));
  });
});
