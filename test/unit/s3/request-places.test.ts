import { expect } from "chai";
import { toS3Error } from "../../../src/gateway/s3-error.js";
import { RequestPlaces, type Place } from "../../../src/s3/request-places.js";

describe("The places of requests", () => {
  const places = (maxRequests: number, maxAnonymousRequests: number) =>
    new RequestPlaces({ maxRequests, maxAnonymousRequests });

  /** "served", or the code of the refusal. */
  function outcome(act: () => unknown): string | undefined {
    try {
      act();
      return "served";
    } catch (error) {
      return toS3Error(error)?.kind;
    }
  }
  const entering = (here: RequestPlaces) => outcome(() => here.enter());
  function anonymous(here: RequestPlaces): Place {
    const place = here.enter();
    place.requireAnonymousRoom();
    return place;
  }
  /** Anonymous requests that still find room; all of them leave again. */
  function roomOf(here: RequestPlaces): number {
    const tried: Place[] = [];
    const entered = () => {
      const place = here.enter();
      tried.push(place);
      return place;
    };
    let room = 0;
    while (outcome(() => entered().requireAnonymousRoom()) === "served") expect(++room).to.be.lessThan(100);
    for (const place of tried) place.leave();
    return room;
  }

  it("are so many and no more; one that is left is free again", () => {
    const here = places(2, 2);
    const [first, second] = [here.enter(), here.enter()];
    expect(entering(here)).to.equal("SlowDown");
    expect(entering(here), "a refused request takes none").to.equal("SlowDown");
    first.leave();
    const third = here.enter();
    expect(entering(here)).to.equal("SlowDown");
    second.leave();
    third.leave();
    expect([entering(here), entering(here), entering(here)]).to.deep.equal(["served", "served", "SlowDown"]);
  });

  it("are taken by anonymous requests up to their own limit, which leaves the others theirs", () => {
    const here = places(5, 2);
    anonymous(here);
    anonymous(here);
    const refused = here.enter();
    expect(outcome(() => refused.requireAnonymousRoom())).to.equal("SlowDown");
    refused.leave();
    for (let n = 0; n < 3; n++) here.enter().identify();
    expect(entering(here), "all five are taken").to.equal("SlowDown");
  });

  it("count as anonymous only from when that is asked, and once however often it is asked", () => {
    const here = places(10, 1);
    // Who they are is not known yet.
    const unknown = [here.enter(), here.enter(), here.enter()];
    unknown[0]!.requireAnonymousRoom();
    unknown[0]!.requireAnonymousRoom();
    expect(outcome(() => unknown[1]!.requireAnonymousRoom())).to.equal("SlowDown");
    unknown[0]!.leave();
    expect(outcome(() => unknown[1]!.requireAnonymousRoom())).to.equal("served");
    expect(outcome(() => unknown[2]!.requireAnonymousRoom())).to.equal("SlowDown");
  });

  it("no longer count as anonymous once the requester is known, but still as taken", () => {
    const here = places(3, 1);
    const known = anonymous(here);
    known.identify();
    known.identify();
    anonymous(here);
    here.enter();
    expect(entering(here)).to.equal("SlowDown");
    known.leave();
    const next = here.enter();
    expect(
      outcome(() => next.requireAnonymousRoom()),
      "the other one is still anonymous",
    ).to.equal("SlowDown");
  });

  it("are free once however often they are left, and whoever has left takes none any more", () => {
    const here = places(4, 3);
    for (const identified of [false, true]) {
      const place = anonymous(here);
      if (identified) place.identify();
      const other = anonymous(here);
      place.leave();
      place.leave();
      place.identify();
      place.requireAnonymousRoom();
      expect(roomOf(here), "beside the other one").to.equal(2);
      const more = [here.enter(), here.enter(), here.enter()];
      expect(entering(here), "beside the other one").to.equal("SlowDown");
      for (const each of [...more, other]) each.leave();
      expect(roomOf(here)).to.equal(3);
    }
  });

  it("are counted rightly after any course of requests", () => {
    const here = places(8, 3);
    const inside: { place: Place; anonymous: boolean }[] = [];
    let random = 1;
    for (let step = 0; step < 2_000; step++) {
      random = (random * 48_271) % 2_147_483_647;
      const one = inside[random % Math.max(inside.length, 1)];
      const count = inside.filter((each) => each.anonymous).length;
      if (random % 3 === 0) {
        const place: Place[] = [];
        const went = outcome(() => place.push(here.enter()));
        expect(went).to.equal(inside.length < 8 ? "served" : "SlowDown");
        for (const each of place) inside.push({ place: each, anonymous: false });
      } else if (one && random % 5 === 0) {
        one.place.identify();
        one.anonymous = false;
      } else if (one && random % 2 === 0) {
        const went = outcome(() => one.place.requireAnonymousRoom());
        expect(went).to.equal(one.anonymous || count < 3 ? "served" : "SlowDown");
        if (went === "served") one.anonymous = true;
      } else if (one) {
        one.place.leave();
        inside.splice(inside.indexOf(one), 1);
      }
    }
    for (const { place } of inside) place.leave();
    expect(roomOf(here)).to.equal(3);
  });
});
