import { expect } from "chai";
import { jobOf } from "../../services/launcher/src/runner/kubernetes/job-of.ts";
import { settingsOf } from "../../services/launcher/src/runner/kubernetes/open-kubernetes-runner.ts";
import { aRun } from "../../services/launcher/test/runner-conformance.ts";
import { toolsOrSkip } from "./fetched-tools.ts";
import { quantityOf } from "./quantities.ts";
import { launcherConfigOf, workloads } from "./read-chart.ts";
import { type Manifest, type Rendered, renderChart } from "./rendered-chart.ts";
import { VARIANTS } from "./variants.ts";

const SERVICES = ["ingress", "launcher", "gateway", "streamer"];
/** How long a service that stops may take before it ends itself: see runService. */
const FAREWELL_SECONDS = 25;

describe("What a platform team finds in the Helm chart", function () {
  this.timeout(180_000);
  let usual: Rendered;
  let local: Rendered;
  let production: Rendered;
  let everything: Rendered;

  before(async function () {
    const tools = await toolsOrSkip(this);
    const render = (name: string) =>
      renderChart(tools.helm, VARIANTS.find((variant) => variant.name === name)?.options ?? {});
    usual = await render("values.yaml with a bucket");
    local = await render("values-local.yaml");
    production = await render("values-production.yaml");
    everything = await render("everything switched on");
  });

  it("probes at ports that containers have, and gives each two minutes to come up", () => {
    for (const { metadata, spec } of workloads(local)) {
      for (const container of spec.template.spec.containers) {
        const ports = container.ports.map(({ name }: Manifest) => name);
        const { startupProbe, readinessProbe, livenessProbe } = container;
        for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
          const asked = (probe.httpGet ?? probe.tcpSocket)?.port;
          expect(asked === undefined ? probe.exec.command : ports, metadata.name).to.include(asked ?? "sh");
        }
        expect(startupProbe.periodSeconds * startupProbe.failureThreshold).to.be.at.least(120);
        if (metadata.name.endsWith("-redis")) continue;
        expect(readinessProbe.httpGet.path).to.equal("/ready");
        // A process that lives is not ended for what it waits for.
        expect(livenessProbe.httpGet.path).to.equal("/health");
      }
    }
  });

  it("lets services finish before they are killed", () => {
    for (const { spec } of usual.of("Deployment")) {
      const [{ lifecycle }] = spec.template.spec.containers;
      const needed = lifecycle.preStop.sleep.seconds + FAREWELL_SECONDS;
      expect(spec.template.spec.terminationGracePeriodSeconds).to.be.greaterThan(needed);
      expect(spec.strategy.rollingUpdate).to.deep.equal({ maxSurge: 1, maxUnavailable: 0 });
    }
  });

  it("leaves Redis alone when only the chart's version changes", () => {
    const { selector, template } = local.one("StatefulSet", "-redis").spec;
    expect(template.metadata.labels).to.deep.equal(selector.matchLabels);
  });

  it("gives the launcher these rights, and no others", () => {
    const rules = production
      .one("Role", "-launcher")
      .rules.map(({ apiGroups, resources, verbs }: Manifest) => [apiGroups.join(), resources.join(), verbs.join()]);
    expect(rules).to.deep.equal([
      ["batch", "jobs", "create,get,list,watch,patch,delete"],
      ["", "pods", "list,watch,patch,delete"],
      ["", "pods/log", "get"],
      ["", "events", "list,watch"],
      ["", "secrets", "create,patch,delete"],
    ]);
  });

  it("gives the cloud's identity to the gateway alone", () => {
    const annotated = production.of("ServiceAccount").filter(({ metadata }) => metadata.annotations !== undefined);
    expect(annotated.map(({ metadata }) => [metadata.name, Object.keys(metadata.annotations)])).to.deep.equal([
      ["peerbot-gateway", ["iam.gke.io/gcp-service-account"]],
    ]);
  });

  it("lets nobody into services and Redis who has no business there", () => {
    const doors = (name: string) => {
      const { ingress, policyTypes } = local.one("NetworkPolicy", name).spec;
      expect(policyTypes).to.include("Ingress");
      return ingress.map(({ from, ports }: Manifest) => [JSON.stringify(from), ports[0].port]);
    };
    const inNamespace = (name: string) =>
      JSON.stringify([{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } }]);
    const metrics = [inNamespace("monitoring"), "internal"];
    expect(doors("-launcher")).to.deep.equal([metrics]);
    expect(doors("-streamer")).to.deep.equal([metrics]);
    expect(doors("-gateway")).to.deep.equal([metrics, [inNamespace("peerbot-workers"), "http"]]);
    expect(doors("-ingress")).to.deep.equal([metrics, [undefined, "http"]]);
    const services = { "app.kubernetes.io/name": "peerbot", "app.kubernetes.io/instance": "peerbot" };
    expect(doors("-redis")).to.deep.equal([[JSON.stringify([{ podSelector: { matchLabels: services } }]), 6379]]);
    for (const { spec } of local.of("Deployment")) expect(spec.template.metadata.labels).to.include(services);
  });

  it("lets nodes be drained one pod of a service at a time", () => {
    const budgets = usual.of("PodDisruptionBudget");
    expect(budgets.map(({ spec }) => spec.selector.matchLabels["app.kubernetes.io/component"])).to.deep.equal(SERVICES);
    for (const { spec } of budgets) {
      expect(spec).to.include({ maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" });
    }
  });

  it("scales services by load and launchers by the queue, whose replicas it then leaves alone", () => {
    const scaled = production.of("HorizontalPodAutoscaler").map(({ spec }) => spec);
    expect(
      scaled.map(({ scaleTargetRef, minReplicas, maxReplicas }) => [scaleTargetRef.name, minReplicas, maxReplicas]),
    ).to.deep.equal([
      ["peerbot-ingress", 3, 10],
      ["peerbot-gateway", 3, 12],
    ]);
    const { spec } = production.one("ScaledObject", "-launcher");
    expect(spec).to.include({ minReplicaCount: 2, maxReplicaCount: 5 });
    expect(spec.triggers[0].metadata.query).to.include("peerbot_queue_depth");
    for (const service of SERVICES) {
      const replicas = production.one("Deployment", `-${service}`).spec.replicas;
      expect(replicas, service).to.equal(service === "streamer" ? 3 : undefined);
    }
  });

  it("puts services before workers with priority classes of its own", () => {
    const made = new Map(usual.of("PriorityClass").map(({ metadata, value }) => [metadata.name, value]));
    const worker = workerPodOf(usual).priorityClassName ?? "";
    // Below -10 the cluster autoscaler makes no room for pods.
    expect(made.get(worker)).to.equal(-10);
    for (const { spec } of workloads(usual)) expect(made.get(spec.template.spec.priorityClassName)).to.equal(1000);
  });

  it("lets in from outside what Slack posts, and nothing else", () => {
    const { spec, metadata } = production.one("Ingress", "peerbot");
    expect(metadata.annotations).to.include.keys("cert-manager.io/cluster-issuer");
    expect(spec.tls).to.deep.equal([{ secretName: "peerbot-tls", hosts: ["peerbot.example.com"] }]);
    const paths = spec.rules.flatMap(({ http }: Manifest) => http.paths);
    expect(paths).to.have.length(1);
    const service = { name: "peerbot-ingress", port: { name: "http" } };
    expect(paths[0]).to.deep.equal({ path: "/slack", pathType: "Prefix", backend: { service } });
    expect(usual.of("Ingress").concat(local.of("Ingress"))).to.deep.equal([]);
  });

  it("has every service's metrics collected, judged and drawn", () => {
    const { selector, endpoints } = production.one("ServiceMonitor", "peerbot").spec;
    const watched = production
      .of("Service")
      .filter(({ metadata }) =>
        Object.entries(selector.matchLabels).every(([key, value]) => metadata.labels[key] === value),
      );
    expect(watched.map(({ metadata }) => metadata.name)).to.deep.equal(
      SERVICES.map((name) => `peerbot-${name}-metrics`),
    );
    for (const { spec } of watched) {
      expect(spec.ports).to.deep.equal([{ name: endpoints[0].port, port: 9090, targetPort: "internal" }]);
    }
    const [group] = production.one("PrometheusRule", "peerbot").spec.groups;
    expect(group.rules.length).to.be.greaterThan(5);
    expect(production.one("ConfigMap", "-dashboard").metadata.labels).to.include({ grafana_dashboard: "1" });
  });

  it("needs none of the custom kinds unless asked for them", () => {
    const foreign = [...usual.all, ...local.all].filter(({ apiVersion }) => /keda|coreos/.test(apiVersion));
    expect(foreign).to.deep.equal([]);
  });

  it("hands on where and how workers run", () => {
    const pod = workerPodOf(everything);
    expect(pod).to.deep.include({
      serviceAccountName: "peerbot-worker",
      runtimeClassName: "gvisor",
      nodeSelector: { pool: "workers" },
      imagePullSecrets: [{ name: "pull" }],
    });
    expect(pod.tolerations?.map(({ key }) => key)).to.include("cloud.google.com/gke-spot");
    expect(pod.affinity?.nodeAffinity).to.have.property("preferredDuringSchedulingIgnoredDuringExecution");
    expect(everything.one("ServiceAccount", "-worker").metadata.namespace).to.equal("peerbot-workers");
    for (const { spec } of everything.of("Deployment")) {
      expect(spec.template.spec.imagePullSecrets).to.deep.equal([{ name: "pull" }]);
    }
    expect(launcherConfigOf(everything)).to.include({ WARM_WORKERS: 3, WORKER_IMAGE: "peerbot-worker:0.1.0" });
  });

  it("fits a node of two CPUs and 8 GiB that runs the cluster, too, with an update's pods and the runs of one launcher", () => {
    const { MAX_CONCURRENT_RUNS } = launcherConfigOf(local);
    const services = workloads(local).map(({ spec }) => spec.template.spec);
    const pods = [...services, ...services, ...Array.from({ length: MAX_CONCURRENT_RUNS }, () => workerPodOf(local))];
    const asked = (what: "cpu" | "memory") =>
      pods
        .flatMap(({ containers }) => containers)
        .reduce((sum, { resources }) => sum + quantityOf(resources?.requests?.[what] ?? "0"), 0);
    // What kubeadm's own pods and kind's network ask for.
    expect(asked("cpu") + 0.95).to.be.at.most(2);
    expect(asked("memory") + 0.3 * 2 ** 30).to.be.at.most(7.5 * 2 ** 30);
  });

  it("never pulls what was loaded onto the node", () => {
    const pods = [...workloads(local).map(({ spec }) => spec.template.spec), workerPodOf(local)];
    for (const { image, imagePullPolicy } of pods.flatMap(({ containers }) => containers)) {
      // Unset it is IfNotPresent for every tag but `latest`.
      expect(imagePullPolicy ?? "IfNotPresent", image).to.equal("IfNotPresent");
      expect(image).to.match(/:(?!latest$)[\w.-]+$/);
    }
  });
});

/** The pod of a run as the launcher of this chart makes it. */
function workerPodOf(chart: Rendered) {
  const pod = jobOf(aRun(), settingsOf(launcherConfigOf(chart)), Date.now()).spec?.template.spec;
  if (pod === undefined) throw new Error("a Job has a pod");
  return pod;
}
