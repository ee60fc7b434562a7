import { connect } from "node:net";

/** Whether something listens on this port of 127.0.0.1 and, to `question`, says `answer`. */
export function answers(port: number, question: string, answer: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    let said = "";
    socket
      .once("connect", () => socket.write(question, "latin1"))
      .on("data", (bytes) => {
        said += bytes.toString("latin1");
        if (said.includes(answer)) end(true);
      })
      .on("error", () => end(false))
      .on("close", () => end(false))
      .setTimeout(1_000, () => end(false));
  });
}
