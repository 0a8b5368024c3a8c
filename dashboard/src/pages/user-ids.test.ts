/** How typed user ids are read. */
import { expect, test } from "vitest"
import { parseUserIds } from "./user-ids.ts"

test("lines, commas and blanks part ids, and each counts once", () => {
  expect(parseUserIds(" 12\n34, 12;56\t")).toEqual({ status: "ok", ids: [12, 34, 56] })
  expect(parseUserIds("")).toEqual({ status: "ok", ids: [] })
})

test.each(["@name", "-5", "1.5", "0", "9007199254740993", "12a"])("%s is refused by name", (word) => {
  expect(parseUserIds(`1 ${word}`)).toEqual({ status: "invalid", word })
})
