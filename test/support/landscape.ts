import { crc32, deflateSync } from "node:zlib";

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [head, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  head.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([head, body, sum]);
}

/** A PNG of pixels in red, green and blue. */
export function png(width: number, height: number, colour: (x: number, y: number) => readonly number[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows.set(
        colour(x, y).map((value) => Math.max(0, Math.min(255, Math.round(value)))),
        y * (1 + width * 3) + 1 + x * 3,
      );
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const end = chunk("IEND", Buffer.alloc(0));
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), end]);
}

/** Hills before an evening sky, for previews that people look at. */
export function landscape(width: number, height: number): Buffer {
  const hills = [
    [0.55, 0.09, 2.1, 0.3, [96, 110, 150]],
    [0.66, 0.07, 3.4, 1.7, [62, 82, 120]],
    [0.8, 0.06, 2.7, 4.1, [34, 52, 84]],
  ] as const;
  return png(width, height, (x, y) => {
    const [u, v] = [x / width, y / height];
    const near = hills.findLast(
      ([base, size, waves, shift]) =>
        v > base - size * Math.sin(u * waves * 3 + shift) - 0.02 * Math.sin(u * 31 + shift),
    );
    if (near) return near[4];
    const sun = Math.hypot((u - 0.68) * (width / height), v - 0.36);
    if (sun < 0.075) return [255, 244, 214];
    const glow = Math.exp(-sun * 4) * 70;
    return [90 + v * 270 + glow, 120 + v * 130 + glow * 0.7, 190 - v * 40 + glow * 0.2];
  });
}
