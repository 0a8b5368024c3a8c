/** The named schemas of the description, for whoever meets a reference. */
import { createContext } from "react"
import type { Schema } from "./document.ts"

export const SchemasContext = createContext<Readonly<Record<string, Schema>>>({})
