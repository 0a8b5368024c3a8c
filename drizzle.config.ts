/** How drizzle-kit turns the schema into migrations: `npm run migrations:generate -- --name what_changes`. */
import { defineConfig } from "drizzle-kit"

export default defineConfig({ dialect: "sqlite", schema: "./adapters/store/schema.ts", out: "./migrations" })
