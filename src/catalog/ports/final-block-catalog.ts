/** The highest final block of a chain that any gateway has answered from. */
export interface FinalBlockCatalog {
  /** Returns the highest that was ever told of the chain with this genesis, `number` included. */
  raise(genesis: string, number: number): Promise<number>;
}
