/** What is known of models: this release's models.json, and over it the operator's own from DATA_DIR or MODELS_FILE. Read once. */
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Catalogue, mergeCatalogues, parseCatalogue } from "../../core/catalogue/catalogue.ts"
import type { DataDirectory } from "./data-directory.ts"
import { StartProblem, systemCode } from "./start-problem.ts"

const shipped = join(import.meta.dirname, "../../models.json")

/**
 * @param named - the operator's MODELS_FILE; without it models.json in DATA_DIR is read where it is there
 * @throws StartProblem that names the file and the place of each mistake
 */
export function readCatalogue(directory: Pick<DataDirectory, "file">, named: string | undefined): Catalogue {
  const own = named === undefined ? directory.file("models.json") : resolve(named)
  const base = readOne(shipped)
  return named === undefined && !existsSync(own) ? base : mergeCatalogues(base, readOne(own))
}

function readOne(path: string): Catalogue {
  const read = parseCatalogue(readText(path))
  if (read.status === "ok") return read.catalogue
  throw new StartProblem(`${path} cannot be used. Correct it: ${read.problems.join("; ")}`)
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    throw new StartProblem(`${path} cannot be read (${systemCode(error) ?? "unknown"}). Check MODELS_FILE.`, {
      cause: error,
    })
  }
}
