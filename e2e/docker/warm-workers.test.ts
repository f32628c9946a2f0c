import { readFile } from "node:fs/promises";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { aThread, openScene } from "../../services/launcher/test/launcher-scene.ts";
import { openDockerBench } from "./docker-bench.ts";
import { describeWithEngine } from "./with-engine.ts";

const PROGRAM = new URL("../../services/launcher/test/programs/worker.mjs", import.meta.url);

await describeWithEngine("Containers that wait for a run", (address) => {
  it("serve one mention each, and others take their places", async () => {
    const worker = await readFile(PROGRAM, "utf8");
    await using bench = await openDockerBench(address, { scripts: [worker] });
    await using scene = await openScene(undefined, { host: bench.host });
    const gatewayUrl = await bench.urlOf(Number(new URL(scene.gateway.url).port));
    const runner = bench.createRunner(worker);
    const settings = { WARM_WORKERS: "1", GATEWAY_URL: gatewayUrl };
    await scene.startLauncher(settings, { runner, keepPoolEveryMs: 200 });
    const untilOneWaits = () =>
      until(async () => (await scene.pool.members()).find(({ state }) => state === "ready"), {
        what: "a worker to wait",
        timeoutMs: 60_000,
      });

    const served: string[] = [];
    for (const count of [1, 2]) {
      const { name } = await untilOneWaits();
      const thread = aThread();
      await scene.write(thread);
      const arrival = await scene.gateway.arrival(count);
      expect(await scene.pool.memberOf(scene.nameOf(arrival))).to.equal(name);
      expect((await bench.inspect(name)).State.Running).to.equal(true);
      served.push(name);
      await arrival.finish("completed");
      arrival.leave();
      await scene.untilQuiet(thread);
      expect(await scene.typesOf(thread)).to.deep.equal(["accepted", "run-started", "finished"]);
      await until(async () => !(await runner.list()).includes(name), { what: "its container to be removed" });
    }
    expect(new Set(served).size).to.equal(2);
  });
});
