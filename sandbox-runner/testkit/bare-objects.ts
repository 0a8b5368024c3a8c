/** The Node host with ProbeObjects in it, over the directory of a process that tests start to kill it. */
import { join } from "node:path"
import { ProbeObject } from "../../durable-objects/probe-object.ts"
import { openObjectHost, type NodeObjects } from "../host/objects/objects.ts"
import { noDatabase } from "./probe-host.ts"

const nothing = async () => new Response()

export function openBareObjects(directory: string): NodeObjects {
  return openObjectHost({
    path: join(directory, "objects.db"),
    blobDirectory: join(directory, "blobs"),
    libsql: noDatabase,
    fetch: { operator: nothing, agent: nothing },
    create: (_, host) => new ProbeObject(host),
    log: () => {},
  })
}
