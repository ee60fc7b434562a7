import { DATA_FRAGMENTS, FRAGMENTS } from "../model/sizes.js";
import { inverse, multiply, power } from "./galois-field.js";

/** Rows of field elements. */
export type Matrix = readonly (readonly number[])[];

const cell = (matrix: Matrix, row: number, column: number): number => {
  const value = matrix[row]?.[column];
  if (value === undefined) throw new RangeError(`no cell (${row}, ${column})`);
  return value;
};

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) =>
    (b[0] ?? []).map((_, column) => row.reduce((sum, value, i) => sum ^ multiply(value, cell(b, i, column)), 0)),
  );
}

/** Gauss-Jordan elimination. Throws when the matrix is singular. */
function inverted(matrix: Matrix): Matrix {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let column = 0; column < size; column++) {
    const pivot = rows.findIndex((row, i) => i >= column && row[column] !== 0);
    const pivotRow = rows[pivot];
    if (!pivotRow) throw new RangeError("the matrix is singular");
    rows.splice(pivot, 1);
    const scale = inverse(cell([pivotRow], 0, column));
    const unit = pivotRow.map((value) => multiply(value, scale));
    rows.splice(column, 0, unit);
    for (const [i, row] of rows.entries()) {
      const factor = row[column] ?? 0;
      if (i === column || factor === 0) continue;
      rows[i] = row.map((value, j) => value ^ multiply(factor, unit[j] ?? 0));
    }
  }
  return rows.map((row) => row.slice(size));
}

/** The systematic matrix V · inv(top of V), V[r][c] = r^c: row j makes fragment j out of the four data fragments. */
const encodingMatrix: Matrix = (() => {
  const vandermonde = Array.from({ length: FRAGMENTS }, (_, row) =>
    Array.from({ length: DATA_FRAGMENTS }, (_unused, column) => power(row, column)),
  );
  return product(vandermonde, inverted(vandermonde.slice(0, DATA_FRAGMENTS)));
})();

/** Row i makes fragment `to[i]` out of the fragments `from`: four different indexes of 0…11, in the order given. */
export function codingRows(from: readonly number[], to: readonly number[]): Matrix {
  const row = (index: number) => {
    const found = encodingMatrix[index];
    if (!found) throw new RangeError(`no fragment has index ${index}`);
    return found;
  };
  if (from.length !== DATA_FRAGMENTS || new Set(from).size !== DATA_FRAGMENTS)
    throw new RangeError(`${DATA_FRAGMENTS} different fragments are needed, not ${from.join(", ")}`);
  return product(to.map(row), inverted(from.map(row)));
}
