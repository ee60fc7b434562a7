/** Digits after the point that amounts are shown with. */
const SHOWN_DECIMALS = 6;

export interface Token {
  readonly symbol: string;
  readonly decimals: number;
}

/** An amount in the token's smallest units, as `12.5 TCESS`; what is left of six decimals is rounded up. */
export function tokensText(amount: bigint, { symbol, decimals }: Token): string {
  const shown = Math.min(SHOWN_DECIMALS, decimals);
  const unit = 10n ** BigInt(decimals - shown);
  const rounded = (amount + unit - 1n) / unit;
  const scale = 10n ** BigInt(shown);
  const fraction = (rounded % scale).toString().padStart(shown, "0").replace(/0+$/, "");
  const whole = (rounded / scale).toString().replace(/\B(?=(?:\d{3})+$)/g, ",");
  return `${whole}${fraction === "" ? "" : `.${fraction}`} ${symbol}`;
}
