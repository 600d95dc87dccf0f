/** The manifests fit each other and the server: what they name is there, and the times add up. */
import { defaultTuning } from "@perdure/engine";
import { loadConfig } from "@perdure/server";
import { expect, test } from "vitest";
import * as z from "zod";
import { parse } from "../run.ts";
import { documentsOf } from "./files.test-support.ts";

const folder = "deploy/kubernetes";
const labels = z.strictObject({ "app.kubernetes.io/name": z.string() });
const metadata = z.strictObject({ name: z.string(), labels });
const selector = z.strictObject({ matchLabels: labels });
const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.enum(["/healthz", "/readyz"]), port: z.string() }),
  periodSeconds: z.int(),
  failureThreshold: z.int(),
});

const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  ports: z.array(z.strictObject({ name: z.string(), containerPort: z.int() })),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
  volumeMounts: z.array(
    z.strictObject({
      name: z.string(),
      mountPath: z.string(),
      readOnly: z.boolean().optional(),
    }),
  ),
  startupProbe: probe,
  readinessProbe: probe,
  livenessProbe: probe,
  lifecycle: z.strictObject({
    preStop: z.strictObject({ exec: z.strictObject({ command: z.array(z.string()) }) }),
  }),
  resources: z.looseObject({}),
  securityContext: z.looseObject({}),
});

const deployment = z.strictObject({
  apiVersion: z.literal("apps/v1"),
  kind: z.literal("Deployment"),
  metadata,
  spec: z.strictObject({
    replicas: z.int(),
    selector,
    strategy: z.strictObject({
      type: z.literal("RollingUpdate"),
      rollingUpdate: z.strictObject({ maxSurge: z.int(), maxUnavailable: z.int() }),
    }),
    minReadySeconds: z.int(),
    template: z.strictObject({
      metadata: z.strictObject({ labels }),
      spec: z.strictObject({
        terminationGracePeriodSeconds: z.int(),
        automountServiceAccountToken: z.literal(false),
        securityContext: z.looseObject({ runAsNonRoot: z.literal(true) }),
        topologySpreadConstraints: z.array(z.looseObject({ labelSelector: selector })),
        containers: z.tuple([container]),
        volumes: z.array(z.looseObject({ name: z.string() })),
      }),
    }),
  }),
});

const service = z.strictObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("Service"),
  metadata,
  spec: z.strictObject({
    clusterIP: z.literal("None").optional(),
    selector: labels,
    ports: z.array(z.strictObject({ name: z.string(), port: z.int(), targetPort: z.string() })),
  }),
});

const disruption = z.strictObject({
  apiVersion: z.literal("policy/v1"),
  kind: z.literal("PodDisruptionBudget"),
  metadata,
  spec: z.strictObject({ maxUnavailable: z.literal(1), selector }),
});

const [nodes] = documentsOf(`${folder}/deployment.yaml`).map((one) => deployment.parse(one));
const pod = nodes!.spec.template;
const [perdure] = pod.spec.containers;
const services = documentsOf(`${folder}/services.yaml`).map((one) => service.parse(one));

test("every selector is that of the pods", () => {
  const [budget] = documentsOf(`${folder}/disruption.yaml`).map((one) => disruption.parse(one));
  const found = [
    nodes!.spec.selector.matchLabels,
    budget!.spec.selector.matchLabels,
    ...pod.spec.topologySpreadConstraints.map((one) => one.labelSelector.matchLabels),
    ...services.map(({ spec }) => spec.selector),
  ];
  for (const one of found) expect(one).toEqual(pod.metadata.labels);
});

test("services, probes and the arguments name ports that the container has", () => {
  const ports = new Map(perdure.ports.map(({ name, containerPort }) => [name, containerPort]));
  const { startupProbe, readinessProbe, livenessProbe } = perdure;
  const named = [
    ...services.flatMap(({ spec }) => spec.ports.map(({ targetPort }) => targetPort)),
    ...[startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet.port),
  ];
  for (const name of named) expect([...ports.keys()]).toContain(name);
  expect(ports.get("http")).toBe(loadConfig({}).config.port);
  expect(perdure.args.join(" ")).toContain(`0.0.0.0:${ports.get("nodes")}`);
  const sink = (): void => undefined;
  expect(parse(perdure.args, { out: sink, err: sink, width: 80 })).toBeDefined();
});

test("what is mounted is a volume, and the secrets are read from where they are mounted", () => {
  const volumes = pod.spec.volumes.map(({ name }) => name);
  expect(perdure.volumeMounts.map(({ name }) => name).toSorted()).toEqual(volumes.toSorted());
  const mounts = perdure.volumeMounts.map(({ mountPath }) => mountPath);
  const files = perdure.env.filter(({ name }) => name.endsWith("_FILE"));
  expect(files).toHaveLength(3);
  for (const { value = "" } of files) {
    expect(mounts.some((mount) => value.startsWith(`${mount}/`))).toBe(true);
  }
});

test("a pod is given the time that a node takes to leave", () => {
  const waitSeconds = Number(perdure.lifecycle.preStop.exec.command.at(-1));
  const { graceMs } = loadConfig({}).config;
  const leaveSeconds = (defaultTuning.drainMs + 2 * graceMs) / 1_000;
  const { terminationGracePeriodSeconds } = pod.spec;
  expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(waitSeconds + leaveSeconds);
});

test("one leaves only when another has come, and a drain of machines takes one at a time", () => {
  expect(nodes!.spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  expect(perdure.readinessProbe.httpGet.path).toBe("/readyz");
  expect(perdure.livenessProbe.httpGet.path).toBe("/healthz");
});

test("the kustomization lists every manifest", () => {
  const [kustomization] = documentsOf(`${folder}/kustomization.yaml`) as [
    { readonly resources: readonly string[] },
  ];
  for (const name of kustomization.resources) {
    expect(documentsOf(`${folder}/${name}`).length).toBeGreaterThan(0);
  }
});
