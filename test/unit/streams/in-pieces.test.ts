import { expect } from "chai";
import { inPieces } from "../../../src/streams/in-pieces.js";

describe("Pieces of one size", () => {
  const cut = async (chunks: readonly string[], size: number) => {
    async function* source() {
      for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
    }
    const pieces: string[] = [];
    for await (const piece of inPieces(source(), size)) pieces.push(piece.toString());
    return pieces;
  };

  it("hold all bytes in order however they came, and only the last one is shorter", async () => {
    for (const chunks of [["abcdefgh"], ["a", "bcdefg", "h"], ["abc", "def", "gh"], ["abcdef", "", "gh"]])
      expect(await cut(chunks, 3), chunks.join("|")).to.deep.equal(["abc", "def", "gh"]);
    expect(await cut(["abc", "def"], 3)).to.deep.equal(["abc", "def"]);
    expect(await cut([], 3)).to.deep.equal([]);
  });
});
