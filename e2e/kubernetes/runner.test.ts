import { describeSessionRunner } from "../../services/launcher/test/runner-conformance.ts";
import { openClusterBench } from "./cluster-bench.ts";

describeSessionRunner("kubernetes", () => openClusterBench());
