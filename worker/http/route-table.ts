/** All bound paths and their methods, so that a wrong method is told from a wrong address. */

export interface RouteTable {
  /**
   * @param method - in upper case
   * @param path - with parameters in braces
   */
  add(method: string, path: string): void
  /** The methods that a path takes; empty: there is nothing at this address. */
  methodsOf(path: string): string[]
}

export function createRouteTable(): RouteTable {
  const routes = new Map<string, { form: RegExp; methods: Set<string> }>()
  return {
    add(method, path) {
      const form = new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`)
      const route = routes.get(path) ?? { form, methods: new Set() }
      route.methods.add(method)
      routes.set(path, route)
    },
    methodsOf: (path) => [...routes.values()].flatMap(({ form, methods }) => (form.test(path) ? [...methods] : [])),
  }
}
