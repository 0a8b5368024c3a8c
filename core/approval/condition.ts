/**
 * What a call must be to run without a question. Only parsed fields count: the arguments of a program without a shell, the host
 * of an address, the digest of a whole script. No pattern looks into the text of a script or an address.
 */
import * as z from "zod"
import { Program } from "../runner/command.ts"
import { sha256 } from "../sha256.ts"
import { hostOf } from "./host.ts"
import type { ToolPolicy } from "../turn/tool-policy.ts"

/** One argument. `any` is no option: what begins with a dash can change what the others mean. */
export const ArgumentPattern = z.discriminatedUnion("match", [
  z.object({ match: z.literal("equals"), text: z.string().max(10_000) }),
  z.object({ match: z.literal("starts_with"), text: z.string().min(1).max(1_000) }),
  z.object({ match: z.literal("any") }),
])
export type ArgumentPattern = z.infer<typeof ArgumentPattern>

/** Lower case, without a port: a name with or without dots, never with one at an end. */
const Host = z
  .string()
  .max(253)
  .regex(/^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$|^\[[0-9a-f:.]+\]$/)

/** A place that a call may reach. `subdomains`: also what ends in a dot and the host. */
const hop = { host: Host, subdomains: z.boolean() }
export const Hop = z.object(hop)
export type Hop = z.infer<typeof Hop>

export const Condition = z.discriminatedUnion("kind", [
  /** A program, by exactly the name that is called, with as many arguments as there are patterns. */
  z.object({
    kind: z.literal("argv"),
    program: z.string().min(1).max(1_000),
    arguments: z.array(ArgumentPattern).max(1_000),
  }),
  /** An address over https or http, and every one that it redirects to. Null: any method. */
  z.object({
    kind: z.literal("url"),
    ...hop,
    method: z
      .string()
      .regex(/^[A-Z]{1,20}$/)
      .nullable(),
  }),
  /** A script, by the SHA-256 of its whole text, in this language. */
  z.object({
    kind: z.literal("script"),
    language: z.enum(["bash", "python", "node"]),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
])
export type Condition = z.infer<typeof Condition>

/** Whether a call is one that the condition allows. */
export function fits(condition: Condition, tool: Pick<ToolPolicy, "runsIn">, input: unknown): boolean {
  switch (condition.kind) {
    case "argv":
      return fitsArgv(condition, input)
    case "script": {
      const program = programOf(input)
      if (program?.form !== "script" || program.language !== condition.language) return false
      return program.stdin === "" && sha256(program.script) === condition.sha256
    }
    case "url": {
      // What a runner's browser goes on to cannot be bound to a host from here.
      const address = tool.runsIn === "object" ? addressOf(input) : undefined
      if (address === undefined || !reaches([condition], address.host)) return false
      return condition.method === null || condition.method === address.method
    }
  }
}

/** Whether a host is at one of these places: it is equal, or ends in a dot and the place's. */
export function reaches(hops: readonly Hop[], host: string): boolean {
  return hops.some((place) => host === place.host || (place.subdomains && host.endsWith(`.${place.host}`)))
}

/** Where a call that runs by this condition may go. Null: the condition says nothing of addresses. */
export function hopsOf(condition: Condition): Hop[] | null {
  return condition.kind === "url" ? [{ host: condition.host, subdomains: condition.subdomains }] : null
}

/**
 * The one condition that "always for this" makes: these very arguments, this very script, or this host with this method.
 * Undefined where a call has nothing of the kind: then it can only be allowed once.
 */
export function conditionOf(tool: Pick<ToolPolicy, "runsIn">, input: unknown): Condition | undefined {
  const made = candidateFor(input)
  const checked = Condition.safeParse(made)
  return checked.success && fits(checked.data, tool, input) ? checked.data : undefined
}

function candidateFor(input: unknown): Condition | undefined {
  const program = programOf(input)
  if (program?.form === "argv") {
    const [name = "", ...rest] = program.argv
    return { kind: "argv", program: name, arguments: rest.map((text) => ({ match: "equals", text })) }
  }
  if (program?.form === "script") {
    return { kind: "script", language: program.language, sha256: sha256(program.script) }
  }
  const address = addressOf(input)
  if (address === undefined) return undefined
  return { kind: "url", host: address.host, subdomains: false, method: address.method }
}

/** In words, for a list of rules. */
export function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case "argv":
      return [JSON.stringify(condition.program), ...condition.arguments.map(describeArgument)].join(" ")
    case "script":
      return `${condition.language} script ${condition.sha256}`
    case "url":
      return `${condition.method ?? "any method"} at ${condition.host}${condition.subdomains ? " and below" : ""}`
  }
}

function describeArgument(pattern: ArgumentPattern): string {
  switch (pattern.match) {
    case "equals":
      return JSON.stringify(pattern.text)
    case "starts_with":
      return `${JSON.stringify(pattern.text)}…`
    case "any":
      return "(any)"
  }
}

function fitsArgv(condition: Extract<Condition, { kind: "argv" }>, input: unknown): boolean {
  const program = programOf(input)
  if (program?.form !== "argv" || program.stdin !== "") return false
  const [name, ...given] = program.argv
  if (name !== condition.program || given.length !== condition.arguments.length) return false
  return condition.arguments.every((pattern, index) => fitsArgument(pattern, given[index] ?? ""))
}

function fitsArgument(pattern: ArgumentPattern, given: string): boolean {
  switch (pattern.match) {
    case "equals":
      return given === pattern.text
    case "starts_with":
      // A prefix of a path must not be left again by dots.
      return given.startsWith(pattern.text) && !/(?:^|[/\\])\.\.(?:[/\\]|$)/.test(given)
    case "any":
      return !given.startsWith("-")
  }
}

const WithStdin = z.object({ stdin: z.string().default("") })

/** What a call of a program tool runs, however it is fed. Undefined: it is none. */
function programOf(input: unknown): (Program & { stdin: string }) | undefined {
  const program = Program.safeParse(input)
  const fed = WithStdin.safeParse(input)
  return program.success && fed.success ? { ...program.data, stdin: fed.data.stdin } : undefined
}

const Addressed = z.object({ url: z.string(), method: z.string().default("GET") })

function addressOf(input: unknown): { host: string; method: string } | undefined {
  const addressed = Addressed.safeParse(input)
  const host = addressed.success ? hostOf(addressed.data.url) : undefined
  return addressed.success && host !== undefined ? { host, method: addressed.data.method.toUpperCase() } : undefined
}
