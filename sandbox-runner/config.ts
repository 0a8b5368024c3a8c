/** The environment variables of the one-machine host, besides those of both hosts. */
import * as z from "zod"
import { Config } from "../durable-objects/config.ts"
import { parseDockerHost } from "./docker/docker-host.ts"

const flag = z
  .enum(["true", "false"])
  .default("false")
  .transform((value) => value === "true")

export const NodeConfig = Config.extend({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3_000),
  /** Other machines reach the gateway only when this is an address of theirs, such as 0.0.0.0. */
  HOST: z.string().min(1).default("127.0.0.1"),
  DATA_DIR: z.string().min(1).default("./data"),
  /** Agent groups, channels and settings as YAML; loop-gateway.yaml in DATA_DIR where it is there. */
  CONFIG_FILE: z.string().min(1).optional(),
  /** What is known of models; models.json in DATA_DIR where it is there. */
  MODELS_FILE: z.string().min(1).optional(),
  /** Lets agents run programs, each in a container of its own; without it they have no such tool. */
  AGENT_CONTAINER_MODE: flag,
  /** What `npm run agent-image` builds and containers are made from. */
  AGENT_IMAGE: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._/:@-]{0,254}$/, {
      error: "Give the name of an image, such as loop-gateway-agent:latest.",
    })
    .default("loop-gateway-agent:latest"),
  MAX_CONCURRENT_CONTAINERS: z.coerce.number().int().min(1).max(100).default(3),
  /** No program runs longer than that. */
  CONTAINER_TIMEOUT_MS: z.coerce.number().int().min(1_000).max(3_600_000).default(600_000),
  /** The socket of Docker or Podman. Who may use it may do everything that the engine may. */
  DOCKER_HOST: z
    .string()
    .refine((value) => parseDockerHost(value) !== undefined, { error: "Give unix:///path or tcp://host:port." })
    .default("unix:///var/run/docker.sock"),
})
export type NodeConfig = z.infer<typeof NodeConfig>
