import { describeSessionRunner, SCRIPTS } from "../../services/launcher/test/runner-conformance.ts";
import { openDockerBench } from "./docker-bench.ts";
import { describeWithEngine } from "./with-engine.ts";

await describeWithEngine("On a Docker engine", (address) => {
  describeSessionRunner("docker", () => openDockerBench(address, { scripts: Object.values(SCRIPTS) }));
});
