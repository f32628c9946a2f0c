import { type Notice, OPTION_VALUES, type OptionName, type RunOptions, writtenOptions } from "@peerbot/contracts";
import type { AdmissionPolicy } from "./admit.ts";
import type { Delivery } from "./delivery.ts";

type OptionPolicy = Pick<AdmissionPolicy, "allowedSizes" | "allowDocker">;

export interface Objection {
  reason: Extract<Notice["reason"], "option-unknown" | "option-not-allowed" | "only-options">;
  option?: Notice["option"];
}

/** Why a message is not taken because of the options in it; `undefined` when they are fine, or none. */
export function objectionToOptions(
  { text, options, unknownOption }: Pick<Extract<Delivery, { kind: "said" }>, "text" | "options" | "unknownOption">,
  policy: OptionPolicy,
): Objection | undefined {
  if (unknownOption !== undefined) {
    const { name, value } = unknownOption;
    return { reason: "option-unknown", option: { written: `${name}=${value}`, possible: possible(name, policy) } };
  }
  const refused = refusedOption(options ?? {}, policy);
  if (refused !== undefined) {
    const [written = ""] = writtenOptions({ [refused]: options?.[refused] });
    return { reason: "option-not-allowed", option: { written, possible: possible(refused, policy) } };
  }
  return options !== undefined && text === "" ? { reason: "only-options" } : undefined;
}

function refusedOption({ size, docker }: RunOptions, policy: OptionPolicy): OptionName | undefined {
  if (size !== undefined && !policy.allowedSizes.includes(size)) return "size";
  return docker === true && !policy.allowDocker ? "docker" : undefined;
}

/** What a person may write for an option here; nothing when there is no choice. */
function possible(name: OptionName, { allowedSizes, allowDocker }: OptionPolicy): string[] {
  if (name === "size") return allowedSizes.map((size) => `size=${size}`);
  return allowDocker ? Object.keys(OPTION_VALUES.docker).map((value) => `docker=${value}`) : [];
}
