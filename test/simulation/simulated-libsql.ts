import Libsql from "libsql";
import { machine } from "./machine.js";

/** The real SQLite, whose connections end when the simulated process does. */
class Database extends Libsql {
  constructor(path: string) {
    super(path);
    machine().connections.add(this);
  }

  override close(): this {
    machine().connections.delete(this);
    return super.close();
  }
}

export { Database as default };
