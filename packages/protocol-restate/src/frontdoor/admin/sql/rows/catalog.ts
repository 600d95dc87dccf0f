/** `sys_service` and `sys_deployment`: what is registered. */
import type { ServiceType } from "../../../../deployments/deployment.ts";
import type { Row } from "../tables.ts";
import { time, type Source } from "./source.ts";

const TYPES: Readonly<Record<ServiceType, string>> = {
  SERVICE: "service",
  VIRTUAL_OBJECT: "virtual_object",
  WORKFLOW: "workflow",
};

export function serviceRows({ desk }: Source): readonly Row[] {
  return desk.catalog.services.map(({ name, type, revision, isPublic, deploymentId }) => ({
    name,
    revision,
    public: isPublic ? 1 : 0,
    ty: TYPES[type],
    deployment_id: deploymentId,
  }));
}

export function deploymentRows({ desk }: Source): readonly Row[] {
  return desk.catalog.records.map(({ deployment, services }) => ({
    id: deployment.id,
    ty: "http",
    endpoint: `${deployment.uri}/`,
    created_at: time(deployment.createdAt),
    min_service_protocol_version: deployment.minProtocolVersion,
    max_service_protocol_version: deployment.maxProtocolVersion,
    services: JSON.stringify(services.map(({ manifest }) => manifest.name)),
  }));
}
