/** The environment variables of the one-machine host, besides those of both hosts. */
import * as z from "zod"
import { Config } from "../durable-objects/config.ts"

export const NodeConfig = Config.extend({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3_000),
  /** Other machines reach the gateway only when this is an address of theirs, such as 0.0.0.0. */
  HOST: z.string().min(1).default("127.0.0.1"),
  DATA_DIR: z.string().min(1).default("./data"),
  /** Agent groups, channels and settings as YAML; loop-gateway.yaml in DATA_DIR where it is there. */
  CONFIG_FILE: z.string().min(1).optional(),
  /** What is known of models; models.json in DATA_DIR where it is there. */
  MODELS_FILE: z.string().min(1).optional(),
})
export type NodeConfig = z.infer<typeof NodeConfig>
