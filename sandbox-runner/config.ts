/** The environment variables of the one-machine host, besides those of both hosts. */
import * as z from "zod"
import { Config, parseEnvironment } from "../durable-objects/config.ts"
import { parseDockerHost } from "./docker/docker-host.ts"

const flag = z
  .enum(["true", "false"])
  .default("false")
  .transform((value) => value === "true")

/** What a runner's workers need: the one of this process, and a companion's. */
const workers = {
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
  CHROMIUM_PATH: z.string().min(1).default("/usr/bin/chromium"),
  /** Whom Chromium runs as, when the gateway runs as root. */
  CHROMIUM_USER: z.string().min(1).optional(),
  /** A weakness in Chromium then gives a page all that its user may do. */
  CHROMIUM_NO_SANDBOX: flag,
  /** Conversations with an open browser at one time. */
  MAX_OPEN_BROWSERS: z.coerce.number().int().min(1).max(50).default(3),
}

export const NodeConfig = Config.extend({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3_000),
  /** Other machines reach the gateway only when this is an address of theirs, such as 0.0.0.0. */
  HOST: z.string().min(1).default("127.0.0.1"),
  DATA_DIR: z.string().min(1).default("./data"),
  /** Agent groups, channels and settings as YAML; loop-gateway.yaml in DATA_DIR where it is there. */
  CONFIG_FILE: z.string().min(1).optional(),
  /** What is known of models; models.json in DATA_DIR where it is there. */
  MODELS_FILE: z.string().min(1).optional(),
  ...workers,
})
export type NodeConfig = z.infer<typeof NodeConfig>

/** A companion's: `npm run runner`. */
export const RunnerConfig = z.object({
  /** Where the gateway is. */
  GATEWAY_URL: z.url({ protocol: /^https?$/, error: "Give the gateway's address, such as https://gateway.example." }),
  RUNNER_TOKEN: z.string().regex(/^la_[0-9a-f]{48}$/, { error: "Give the token that the page Runners showed." }),
  /** Its name, its journal and its conversations' files. */
  DATA_DIR: z.string().min(1).default("./runner-data"),
  EGRESS_ALLOW_PRIVATE: Config.shape.EGRESS_ALLOW_PRIVATE,
  LOG_LEVEL: Config.shape.LOG_LEVEL,
  ...workers,
})
export type RunnerConfig = z.infer<typeof RunnerConfig>
export type WorkersConfig = Pick<RunnerConfig, keyof typeof workers | "EGRESS_ALLOW_PRIVATE">

export { parseEnvironment }
