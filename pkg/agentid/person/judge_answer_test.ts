import assert from "node:assert/strict";
import { hexEncode, type RequestId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import type { BodyOf } from "@bzzz/wire";
import fc from "fast-check";
import {
  type AnswerClaim,
  areWordsOf,
  certifyDevice,
  CLOCK_TOLERANCE_MS,
  DEVICE_CERTIFICATE_TTL_MS,
  judgeAnswer,
  MAX_PERSON_RECORDS_PER_AUTHOR,
  PersonBook,
  personIdOf,
  personWords,
  proofFault,
  readPersonRecord,
  revokeDevice,
  signDecision,
  succeedRoot,
} from "../mod.ts";
import { createTestMesh, createTestPerson } from "../testing.ts";

type Body = BodyOf<"request_answered">;

const random = createSeededRandom(3);
const { mesh: { meshId: mesh } } = createTestMesh();
const newPeer = () => peerIdFromPublicKey(createSigningKey(random).publicKey);
const [laptop, phone] = [newPeer(), newPeer()];
const ana = createTestPerson(random);
const device = ana.device(laptop, { mesh });
const AT = 1_000_000;
const BODY: Body = {
  requestId: "01HZZZZZZZZZZZZZZZZZZZZZZZ" as RequestId,
  requestDigest: "ab".repeat(32),
  decision: "approve",
  reason: "looks right",
  scope: "until",
  untilMs: 2_000_000,
};
const SIGNED = device.sign(BODY, { role: "admin", atMs: AT });

function claim(change: Partial<AnswerClaim> = {}): AnswerClaim {
  return { mesh, author: laptop, seq: 7, hlcMs: AT, grant: { person: ana.id, role: "admin" }, body: SIGNED, ...change };
}

function faultOf(change: Partial<AnswerClaim>, book = new PersonBook(mesh)): string {
  const judged = judgeAnswer(book, claim(change));
  return judged.ok ? "good" : judged.fault;
}

Deno.test("a decision that a person's device signed counts as the person's", () => {
  const judged = judgeAnswer(new PersonBook(mesh), claim());

  assert.ok(judged.ok);
  assert.equal(judged.proof.person, ana.id);
  assert.equal(judged.proof.by.type, "decision");
});

Deno.test("a node that merely says hap decides nothing for anybody", () => {
  assert.equal(faultOf({ grant: { role: "admin" } }), "no_person");
  assert.equal(faultOf({ grant: undefined }), "no_person");
  assert.equal(faultOf({ body: BODY }), "unsigned");
  const { proof } = SIGNED;
  assert.ok(proof);
  assert.equal(faultOf({ body: { ...BODY, proof: { certificate: proof.certificate } } }), "unsigned");
});

Deno.test("another answer than the signed one is no decision, whichever field was altered", () => {
  const changes: readonly Partial<Body>[] = [
    { requestId: "01HZZZZZZZZZZZZZZZZZZZZZZY" as RequestId },
    { requestDigest: "cd".repeat(32) },
    { decision: "answer" },
    { text: "more" },
    { choice: "b" },
    { reason: "other" },
    { values: "{}" },
    { editedDigest: "ef".repeat(32) },
    { scope: "task" },
    { untilMs: 3_000_000 },
  ];

  for (const change of changes) {
    assert.equal(faultOf({ body: { ...SIGNED, ...change } }), "altered", JSON.stringify(change));
  }
});

Deno.test("a signature lifted to another node, person, role or time is no decision", () => {
  const bob = createTestPerson(random);

  assert.equal(faultOf({ author: phone }), "other_device");
  assert.equal(faultOf({ grant: { person: bob.id, role: "admin" } }), "other_person");
  assert.equal(faultOf({ grant: { person: ana.id, role: "reviewer" } }), "wrong_role");
  assert.equal(faultOf({ hlcMs: AT + CLOCK_TOLERANCE_MS + 1 }), "stale");
  assert.equal(faultOf({ mesh: createTestMesh({ random: createSeededRandom(9) }).mesh.meshId }), "malformed");
});

Deno.test("a certificate that somebody else signed, or for another key, is none", () => {
  const bob = createTestPerson(random);
  const thief = createSigningKey(random);
  const byBob = bob.device(laptop, { mesh }).sign(BODY, { role: "admin", atMs: AT });
  const forged = certifyDevice(ana.root, { mesh, peer: laptop, key: hexEncode(thief.publicKey), issuedAtMs: 0 });
  const decision = signDecision(thief, forged, { body: BODY, role: "admin", atMs: AT });
  const { proof } = SIGNED;
  assert.ok(proof);

  assert.equal(faultOf({ body: byBob }), "other_person");
  // the thief's signature under the true certificate, and the true signature under the thief's
  assert.equal(faultOf({ body: { ...BODY, proof: { certificate: proof.certificate, decision } } }), "malformed");
  assert.equal(faultOf({ body: { ...SIGNED, proof: { ...proof, certificate: forged.bytes } } }), "malformed");
  assert.throws(() => signDecision(thief, device.certificate, { body: BODY, role: "admin", atMs: AT }), /another key/);
});

Deno.test("a certificate counts in its time alone", () => {
  const short = ana.device(laptop, { mesh, issuedAtMs: AT, notAfterMs: AT + 10 });
  const at = (atMs: number) =>
    faultOf({ hlcMs: atMs, body: short.sign({ ...BODY, scope: "once" }, { role: "admin", atMs }) });

  assert.equal(at(AT), "good");
  assert.equal(at(AT - CLOCK_TOLERANCE_MS - 1), "expired");
  assert.equal(at(AT + 10 + CLOCK_TOLERANCE_MS + 1), "expired");
  const later = AT + DEVICE_CERTIFICATE_TTL_MS + CLOCK_TOLERANCE_MS;
  const proof = proofOf(claim());
  assert.equal(proofFault(new PersonBook(mesh), proof, { grant: { person: ana.id }, nowMs: later }), "expired");
});

Deno.test("a revoked device decides no more; what it had decided stays, and a new certificate counts again", () => {
  const book = new PersonBook(mesh);
  const end = revokeDevice(ana.root, { mesh, peer: laptop, lastSeq: 7, reason: "lost", issuedAtMs: AT });
  const proof = proofOf(claim());

  book.add(end.bytes, phone);

  assert.equal(faultOf({ seq: 7 }, book), "good");
  assert.equal(faultOf({ seq: 8 }, book), "device_revoked");
  assert.equal(proofFault(book, proof, { grant: { person: ana.id }, nowMs: AT }), "device_revoked");
  const anew = ana.device(laptop, { mesh, issuedAtMs: AT + 1 });
  assert.equal(faultOf({ seq: 8, body: anew.sign(BODY, { role: "admin", atMs: AT }) }, book), "good");
});

Deno.test("another person cannot revoke a device, nor follow a key", () => {
  const book = new PersonBook(mesh);
  const bob = createTestPerson(random);

  book.add(revokeDevice(bob.root, { mesh, peer: laptop, lastSeq: 0, reason: "", issuedAtMs: AT }).bytes, phone);
  // who could name another's key as the next of their own would be its past, and take its vote
  const asAna = { ...bob.root, publicKey: ana.root.publicKey, sign: (message: Uint8Array) => bob.root.sign(message) };
  const claimed = succeedRoot(bob.root, asAna, { mesh, kept: [], issuedAtMs: AT });

  assert.equal(book.add(claimed.bytes, phone).status, "malformed");
  assert.equal(book.originOf(ana.id), ana.id);
  assert.equal(faultOf({}, book), "good");
});

Deno.test("after a rotation the new key speaks, and what the old one had certified keeps what it decided", () => {
  const book = new PersonBook(mesh);
  const next = createTestPerson(random);
  book.add(
    succeedRoot(ana.root, next.root, { mesh, kept: [{ peer: laptop, lastSeq: 7 }], issuedAtMs: AT }).bytes,
    laptop,
  );

  assert.equal(book.currentRoot(ana.id), next.id);
  assert.equal(book.originOf(next.id), ana.id);
  assert.equal(faultOf({ seq: 7 }, book), "good");
  assert.equal(faultOf({ seq: 8 }, book), "rotated");
  const anew = next.device(laptop, { mesh, issuedAtMs: AT }).sign(BODY, { role: "admin", atMs: AT });
  assert.equal(faultOf({ seq: 8, body: anew }, book), "good");
  const judged = judgeAnswer(book, claim({ seq: 8, body: anew }));
  assert.equal(judged.ok && judged.proof.person, ana.id);
});

Deno.test("two keys that follow one are a dispute: neither decides until somebody is admitted anew", () => {
  const book = new PersonBook(mesh);
  const [next, thief] = [createTestPerson(random), createTestPerson(random)];
  for (const { root } of [next, thief]) {
    book.add(succeedRoot(ana.root, root, { mesh, kept: [], issuedAtMs: AT }).bytes, laptop);
  }

  assert.equal(book.currentRoot(ana.id), undefined);
  for (const person of [next, thief]) {
    const body = person.device(laptop, { mesh, issuedAtMs: AT }).sign(BODY, { role: "admin", atMs: AT });
    assert.equal(faultOf({ body }, book), "other_person");
  }
  assert.equal(faultOf({}, book), "disputed");
  const anew = next.device(laptop, { mesh, issuedAtMs: AT }).sign(BODY, { role: "admin", atMs: AT });
  assert.equal(faultOf({ body: anew, grant: { person: next.id, role: "admin" } }, book), "good");
});

Deno.test("a rule decides what its person let it decide, for as long as they let it", () => {
  const policy = "12".repeat(32);
  const auto: Body = { ...BODY, scope: "once", auto: { rule: "reads", policy } };
  const rules = [{ rule: "reads", action: "file.read" }];
  const mandate = { policy, rules, issuedAtMs: 0, notAfterMs: AT + 1 };

  const judged = judgeAnswer(new PersonBook(mesh), claim({ body: device.signAuto(auto, mandate) }));
  assert.ok(judged.ok && judged.proof.by.type === "mandate");
  assert.deepEqual(judged.proof.by.rules, rules);
  const without = (change: Partial<typeof mandate>) =>
    faultOf({ body: device.signAuto(auto, { ...mandate, ...change }) });
  assert.equal(without({ policy: "34".repeat(32) }), "not_mandated");
  assert.equal(without({ rules: [{ rule: "writes", action: "file.write" }] }), "not_mandated");
  assert.equal(without({ notAfterMs: AT - CLOCK_TOLERANCE_MS - 1 }), "expired");
  // what a person signed for one answer lets no rule approve, and a mandate is no answer
  assert.equal(faultOf({ body: { ...SIGNED, auto: { rule: "reads", policy } } }), "unsigned");
  assert.equal(faultOf({ body: { ...device.signAuto(auto, mandate), auto: undefined } }), "unsigned");
});

Deno.test("the order of records does not matter", () => {
  const [second, third] = [createTestPerson(random), createTestPerson(random)];
  const records = [
    succeedRoot(ana.root, second.root, { mesh, kept: [{ peer: laptop, lastSeq: 3 }], issuedAtMs: 5 }),
    succeedRoot(second.root, third.root, { mesh, kept: [], issuedAtMs: 6 }),
    revokeDevice(third.root, { mesh, peer: phone, lastSeq: 2, reason: "", issuedAtMs: 9 }),
    third.device(phone, { mesh, issuedAtMs: 8 }).certificate,
    third.device(laptop, { mesh, issuedAtMs: 8 }).certificate,
    device.certificate,
  ];
  const summary = (book: PersonBook) => ({
    origin: book.originOf(third.id),
    root: book.currentRoot(ana.id),
    devices: book.devicesOf(ana.id).map(({ id }) => id).sort(),
    faults: records.flatMap((record) =>
      record.type === "certificate" ? [1, 3, 4].map((seq) => book.deviceFault(ana.id, record, { seq, atMs: 10 })) : []
    ),
  });
  const bookOf = (order: readonly { readonly bytes: Uint8Array }[]) => {
    const book = new PersonBook(mesh);
    for (const { bytes } of order) book.add(bytes, laptop);
    return summary(book);
  };

  const expected = bookOf(records);
  assert.equal(expected.origin, ana.id);
  fc.assert(fc.property(fc.shuffledSubarray(records, { minLength: records.length }), (order) => {
    assert.deepEqual(bookOf(order), expected);
  }));
});

Deno.test("a flood of made-up people fills its bringer's share alone", () => {
  const book = new PersonBook(mesh);
  const statuses = Array.from({ length: MAX_PERSON_RECORDS_PER_AUTHOR + 3 }, () => {
    const fake = createTestPerson(random);
    return book.add(fake.device(newPeer(), { mesh }).certificate.bytes, phone).status;
  });

  assert.equal(statuses.filter((status) => status === "added").length, MAX_PERSON_RECORDS_PER_AUTHOR);
  assert.equal(statuses.at(-1), "full");
  assert.equal(book.add(device.certificate.bytes, laptop).status, "added");
});

Deno.test("whose portal it is says the portal, and nobody in its name", () => {
  const mallory = createTestPerson(random);
  const forged = certifyDevice(mallory.root, { mesh, peer: laptop, key: mallory.id, issuedAtMs: 9_000_000 });
  const own = device.certificate;
  for (const told of [[own, forged], [forged, own]]) {
    const book = new PersonBook(mesh);

    for (const record of told) book.add(record.bytes, record === own ? laptop : phone);

    assert.equal(book.certificateOf(laptop)?.person, ana.id);
  }
  const book = new PersonBook(mesh);
  book.add(own.bytes, phone); // it is in every answer
  assert.equal(book.certificateOf(laptop), undefined);
  book.add(own.bytes, laptop);
  assert.equal(book.certificateOf(laptop)?.person, ana.id);
});

Deno.test("bytes that were changed anywhere are no record and no decision", () => {
  const { proof } = SIGNED;
  assert.ok(proof?.decision);
  const { certificate, decision } = proof;
  fc.assert(fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (place, flip, isDecision) => {
    const bytes = (isDecision ? decision : certificate).slice();
    const at = place % bytes.length;
    bytes[at] = (bytes[at] ?? 0) ^ flip;
    const body = { ...BODY, proof: isDecision ? { certificate, decision: bytes } : { certificate: bytes, decision } };
    assert.notEqual(faultOf({ body }), "good");
    if (!isDecision) assert.equal(readPersonRecord(bytes, mesh), undefined);
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (junk) => {
    assert.equal(readPersonRecord(junk, mesh), undefined);
    assert.equal(faultOf({ body: { ...BODY, proof: { certificate, decision: junk } } }), "malformed");
  }));
});

Deno.test("six words stand for a person's key", () => {
  const words = personWords(ana.id);

  assert.match(words, /^([b-z][aiou][b-z][aiou][b-z] ){5}[b-z][aiou][b-z][aiou][b-z]$/);
  assert.ok(areWordsOf(ana.id, `  ${words.toUpperCase().replaceAll(" ", "-")}`));
  assert.ok(!areWordsOf(ana.id, words.split(" ").slice(1).join(" ")));
  assert.ok(!areWordsOf(personIdOf(createSigningKey(random)), words));
});

function proofOf(made: AnswerClaim) {
  const judged = judgeAnswer(new PersonBook(mesh), made);
  if (!judged.ok) throw new Error(judged.fault);
  return judged.proof;
}
