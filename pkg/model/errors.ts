import { BzzzError } from "@bzzz/base";

/** Why a model gave no answer. */
export type ModelErrorCode =
  /** Nothing listens there, no such host, or it sends elsewhere. */
  | "model_unreachable"
  | "model_timeout"
  /** 401 or 403. */
  | "model_unauthorized"
  /** 404: no such model, or no such API at that address. */
  | "model_missing"
  /** Another 4xx: the server does not want this request, whenever it comes. */
  | "model_request_refused"
  /** 429, also after waiting. */
  | "model_busy"
  /** 5xx, also after waiting. */
  | "model_server_failed"
  /** HTML, broken JSON, or JSON of another form. */
  | "model_answer_unreadable"
  | "model_answer_too_large"
  /** The file of the token. */
  | "model_token_unreadable";

/** No answer of a model; the message says where, what was found, and what to do. */
export class ModelError extends BzzzError<ModelErrorCode> {}
