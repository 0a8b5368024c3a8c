/** Imported first: keeps zod from trying `new Function`, which the Content-Security-Policy forbids and reports. */
import * as z from "zod"

z.config({ jitless: true })
