import type { RequestFacts, SuccessStatus } from "@bzzz/http";

const NAMES: Readonly<Record<SuccessStatus, string>> = { 200: "OK", 201: "CREATED", 202: "ACCEPTED" };

/** The body of a success, as every JSON answer has it. */
export function answer<T>(
  facts: Partial<RequestFacts>,
  data: T,
  options: { readonly status?: SuccessStatus; readonly message: string },
): { status: SuccessStatus; view: { response: ResponseBody<T> } } {
  const status = options.status ?? 200;
  return {
    status,
    view: {
      response: {
        code: `UCXL-${status}-${NAMES[status]}`,
        message: options.message,
        data,
        details: {},
        request_id: facts.requestId ?? "",
        timestamp: new Date(facts.receivedAtMs ?? 0).toISOString(),
      },
    },
  };
}

type ResponseBody<T> = {
  readonly code: string;
  readonly message: string;
  readonly data: T;
  readonly details: Record<string, unknown>;
  readonly request_id: string;
  readonly timestamp: string;
};
