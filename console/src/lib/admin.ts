import { Failure, networkFailure } from "./failure.js";
import { t } from "../texts.js";

/** The operators' API, which is the page's own origin, as the command line uses it. */
export class Admin {
  /** `token` undefined: the listener asks for none. */
  constructor(readonly token: string | undefined) {}

  get<T>(path: string): Promise<T> {
    return this.ask("GET", path);
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.ask("POST", path, body);
  }

  delete<T>(path: string): Promise<T> {
    return this.ask("DELETE", path);
  }

  /** Calls with each event until aborted or the stream ends. Throws Failure. */
  async events(onEvent: (name: string, data: unknown) => void, signal: AbortSignal): Promise<void> {
    const answer = await this.send("GET", "/events", undefined, signal);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const [, name = ""] = /^event: (.*)$/m.exec(block) ?? [];
        const [, data] = /^data: (.*)$/m.exec(block) ?? [];
        if (data !== undefined) onEvent(name, JSON.parse(data));
      }
    }
  }

  private async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await (await this.send(method, path, body)).json()) as T;
  }

  private async send(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(path, {
        method,
        credentials: "omit",
        cache: "no-store",
        redirect: "manual",
        headers: {
          ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw networkFailure();
    }
    if (answer.ok) return answer;
    const text = (await answer.text()).trim();
    if (answer.status === 401) throw new Failure("ExpiredToken", 401, t.wrongToken);
    throw new Failure(`HTTP ${answer.status}`, answer.status, text || t.statusUnknown(answer.status));
  }
}
