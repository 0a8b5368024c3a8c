/** What is told of a page: what a person sees, in Markdown, and nothing that only a machine would read. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import { setBrowserStage, type BrowserStage } from "../testkit/browser-stage.ts"
import { startSite, type Site } from "../testkit/site.ts"

// A real browser beside other tests on two cores.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

let site: Site
let stage: BrowserStage

beforeAll(async () => {
  site = await startSite()
  stage = setBrowserStage([site.port])
})
afterAll(async () => {
  await stage.close()
  await site.close()
})
beforeEach(() => site.pages.clear())

async function read(html: string): Promise<string> {
  site.pages.set("/", `<!doctype html><title>Page</title>${html}`)
  const { text } = await stage.act({ action: "open", url: `${site.url}/` })
  return text
}

describe("a page becomes Markdown", () => {
  test.each([
    [
      "headings and paragraphs",
      "<h1>One</h1><h3>Three <em>!</em></h3><p>First</p><p>Second</p>",
      "# One\n\n### Three !\n\nFirst\n\nSecond",
    ],
    ["blocks and inline text", "<div>a<span> b</span><div>c</div>d<br>e</div>", "a b\n\nc\n\nd\ne"],
    [
      "lists in lists",
      "<ul><li>a<ul><li>b<li>c</ul><li>d</ul><ol start=3><li>x<li>y</ol>",
      "- a\n  - b\n  - c\n- d\n3. x\n4. y",
    ],
    [
      "a table",
      "<table><caption>Prices</caption><tr><th>A<th>B<tr><td>1<td>a|b</table>",
      "Prices\n\n| A | B |\n| --- | --- |\n| 1 | a\\|b |",
    ],
    ["a table that only arranges", "<table><tr><td><p>left</p></table>", "left"],
    ["code as it stands", "<pre>if (x)\n  y</pre>", "```\nif (x)\n  y\n```"],
    ["a quote", "<blockquote><p>a</p><p>b</p></blockquote>", "> a\n\n> b"],
    [
      "a link of the site and one to elsewhere",
      '<a href="/a?b=c#d">in</a> <a href="https://example.com/x">out</a>',
      "[1] [in](/a?b=c#d) [2] [out](https://example.com/x)",
    ],
    ["links that run scripts", '<a href="javascript:go()">go</a>', "[1] [go]()"],
    [
      "buttons and what says that it is one",
      "<button>A</button><div role=button>B</div><input type=submit value=C>",
      "[1] (button: A) [2] (button: B) [3] (button: C)",
    ],
    ["a button without text", '<button aria-label="Close"><svg></svg></button>', "[1] (button: Close)"],
    ["what is disabled", "<button disabled>A</button>", "(disabled) (button: A)"],
    [
      "states",
      "<button aria-expanded=false>Menu</button><div role=tab aria-selected=true>T</div>",
      "[1] (button: Menu, not expanded) [2] (tab: T, selected)",
    ],
    [
      "what looks as if it could be clicked",
      "<div style='cursor:pointer'>Buy <b>now</b></div><p>text</p>",
      "[1] Buy now\n\ntext",
    ],
    [
      "text fields",
      "<label>Name <input value=Ann required></label><textarea placeholder=Say>hi</textarea>",
      'Name [1] (text "Name": "Ann", required) [2] (text area "Say": "hi")',
    ],
    [
      "a password, never its letters",
      "<input type=password aria-label=Secret value=hunter2>",
      '[1] (password "Secret": filled)',
    ],
    [
      "choices",
      "<select aria-label=Size><option>S<option selected>L</select>",
      '[1] (choice "Size": "L"; of "S", "L")',
    ],
    ["a checkbox", "<label><input type=checkbox checked>Agree</label>", '[1] (checkbox "Agree": on) Agree'],
    [
      "a checkbox behind its drawing",
      "<label style='cursor:pointer'><input type=checkbox style='opacity:0;position:absolute'>Agree</label>",
      '[1] (checkbox "Agree": off)',
    ],
    ["pictures by their words", "<img alt='A cat' width=50 height=50>", "(picture: A cat)"],
    [
      "open shadow trees and slots",
      "<div id=h>slotted</div><script>h.attachShadow({mode:'open'}).innerHTML='<p>shadow</p><slot></slot><button>b</button>'</script>",
      "shadow\n\nslotted [1] (button: b)",
    ],
    ["closed details", "<details><summary>More</summary><p>inside</p></details>", "[1] (button: More)"],
  ])("%s", async (_, html, markdown) => {
    expect(await read(html)).toBe(markdown)
  })

  test("frames stand where they are, and what is in them has numbers of its own", async () => {
    site.pages.set("/inner", "<p>inside</p><button onclick=\"this.textContent='pushed'\">push</button>")
    const text = await read("<a href=/x>before</a><iframe src=/inner></iframe><a href=/y>after</a>")
    expect(text).toBe(
      "[1] [before](/x)\n\n(frame)\n\ninside\n\n[2] (button: push)\n\n(end of frame)\n\n[3] [after](/y)",
    )
    const { text: after } = await stage.act({ action: "click", ref: 2 })
    expect(after).toContain("[2] (button: pushed)")
  })

  test("a frame of another site is read and used too", async () => {
    const other = await startSite()
    const both = setBrowserStage([site.port, other.port])
    other.pages.set("/", "<p>foreign</p><button onclick=\"this.textContent='pushed'\">push</button>")
    site.pages.set("/", `<p style="height:300px">top</p><iframe src="http://localhost:${other.port}/"></iframe>`)
    const { text } = await both.act({ action: "open", url: `${site.url}/` })
    expect(text).toContain("foreign\n\n[1] (button: push)")
    expect((await both.act({ action: "click", ref: 1 })).text).toContain("(button: pushed)")
    await both.close()
    await other.close()
  })

  test("a page whose policy allows no scripts at all is read", async () => {
    site.pages.set("/", (_, response) =>
      response
        .writeHead(200, {
          "content-type": "text/html",
          "content-security-policy":
            "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'; sandbox",
        })
        .end("<p>strict</p>"),
    )
    expect((await stage.act({ action: "open", url: `${site.url}/` })).text).toBe("strict")
  })

  test("a page that has bent the language is read all the same", async () => {
    const bend =
      "Array.prototype.push=Array.prototype.map=String.prototype.replace=()=>{throw 1};window.getComputedStyle=()=>null;Element.prototype.getAttribute=()=>'x';JSON.stringify=()=>'{}'"
    expect(await read(`<p>straight</p><script>${bend}</script>`)).toBe("straight")
  })

  test("plain text and JSON are read as they are", async () => {
    site.pages.set("/", (_, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end('{"a": 1}'),
    )
    expect((await stage.act({ action: "open", url: `${site.url}/` })).text).toContain('{"a": 1}')
  })
})

describe("what a person does not see is not told", () => {
  test.each([
    ["display: none", "<p style='display:none'>obey</p>"],
    ["the hidden attribute", "<p hidden>obey</p>"],
    ["visibility: hidden", "<p style='visibility:hidden'>obey</p>"],
    ["opacity 0", "<p style='opacity:0'>obey</p>"],
    ["opacity 0 further out", "<div style='opacity:0.01'><div><p>obey</p></div></div>"],
    ["a filter", "<p style='filter:opacity(0)'>obey</p>"],
    ["aria-hidden", "<p aria-hidden=true>obey</p>"],
    ["white on white", "<p style='color:#fff'>obey</p>"],
    ["almost white on white", "<p style='color:#fefefe'>obey</p>"],
    ["black on black", "<div style='background:#000'><p style='color:#010101'>obey</p></div>"],
    ["transparent letters", "<p style='color:transparent'>obey</p>"],
    ["transparent fill", "<p style='-webkit-text-fill-color:transparent'>obey</p>"],
    ["letters without a size", "<p style='font-size:0'>obey</p>"],
    ["letters of one pixel", "<p style='font-size:1px'>obey</p>"],
    ["far to the left", "<p style='position:absolute;left:-9999px'>obey</p>"],
    ["far above", "<p style='position:absolute;top:-9999px'>obey</p>"],
    ["fixed outside the window", "<p style='position:fixed;left:5000px'>obey</p>"],
    ["indented away", "<p style='text-indent:-9999px;overflow:hidden'>obey</p>"],
    ["a box without height", "<div style='height:0;overflow:hidden'><p>obey</p></div>"],
    ["a box of one pixel", "<span style='position:absolute;width:1px;height:1px;overflow:hidden'>obey</span>"],
    ["cut off by its box", "<div style='height:20px;overflow:hidden'><p style='margin-top:90px'>obey</p></div>"],
    ["clip-path", "<p style='clip-path:inset(50%)'>obey</p>"],
    ["clip", "<p style='position:absolute;clip:rect(0,0,0,0)'>obey</p>"],
    ["scaled to nothing", "<p style='transform:scale(0)'>obey</p>"],
    ["content-visibility", "<p style='content-visibility:hidden'>obey</p>"],
    ["a comment", "<!-- obey -->"],
    ["noscript and template", "<noscript>obey</noscript><template>obey</template>"],
    ["a hidden field", "<input type=hidden value=obey>"],
    ["a field outside the page", "<input style='position:absolute;left:-9999px' value=obey>"],
    ["a frame of no size", "<iframe srcdoc='obey' width=0 height=0 style='border:0'></iframe>"],
    ["a frame that is not shown", "<iframe srcdoc='obey' style='display:none'></iframe>"],
    ["the words of a picture that is not shown", "<img alt=obey style='display:none'>"],
  ])("%s", async (_, html) => {
    expect(await read(`<p>before</p>${html}<p>after</p>`)).toBe("before\n\nafter")
  })

  test("characters without a width, controls and turned directions", async () => {
    expect(await read("<p>pa&#x200B;y&#x202E; m&#xE0041;e&#xE000;7&#xE001;</p>")).toBe("pay me7")
  })

  test("numbers that look like ours", async () => {
    const text = await read('<p>[1] (button: Cancel)</p><button>Pay [2]</button><input placeholder="[3] x">')
    expect(text).toBe('\\[1] (button: Cancel)\n\n[1] (button: Pay \\[2]) [2] (text "\\[3] x": "")')
  })
})

describe("what is seen is told, however it is drawn", () => {
  test.each([
    [
      "white on a picture",
      "<div style='background-image:linear-gradient(red,blue)'><p style='color:#fff'>seen</p></div>",
    ],
    [
      "white on a picture behind it",
      "<div style='position:relative'><img style='position:absolute;inset:0;width:300px;height:80px;background:navy'><p style='color:#fff;position:relative'>seen</p></div>",
    ],
    [
      "a gradient in the letters",
      "<p style='background:linear-gradient(red,blue);-webkit-background-clip:text;color:transparent'>seen</p>",
    ],
    ["below the fold", "<div style='height:5000px'></div><p>seen</p>"],
    [
      "further down in a box that scrolls",
      "<div style='height:50px;overflow:auto'><div style='height:900px'></div><p>seen</p></div>",
    ],
    [
      "scrolled out of its box",
      "<div id=b style='height:50px;overflow:auto'><p>seen</p><div style='height:900px'></div></div><script>b.scrollTop=500</script>",
    ],
    ["on a dark page", "<body style='background:#111;color:#eee'><p>seen</p>"],
    ["letters of small print", "<p style='font-size:8px'>seen</p>"],
  ])("%s", async (_, html) => {
    expect(await read(html)).toContain("seen")
  })
})

describe("long pages", () => {
  test("are read in parts, without a gap", async () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => `<p>Line ${index} of a long page, with some words.</p>`)
    let text = await read(lines.join(""))
    let all = ""
    for (;;) {
      const [, from] =
        /\n\n\[The page goes on: action read with from (\d+) shows more, of \d+ characters in all\.\]$/.exec(text) ?? []
      all += text.replace(/\n\n\[The page goes on[^\]]*\]$/, "")
      if (from === undefined) break
      expect(text.length).toBeLessThan(61_000)
      text = (await stage.act({ action: "read", from: Number(from) })).text
    }
    expect(all.match(/Line \d+ of/g)).toHaveLength(3_000)
    expect((await stage.act({ action: "read", from: 9_999_999 })).text).toMatch(/there is nothing from 9999999 on/)
  })

  test("of a million elements end with a word, not with the memory", async () => {
    const grow =
      "for(let i=0;i<400000;i++){const p=document.createElement('p');p.textContent='word '+i;document.body.append(p)}"
    const text = await read(`<body><script>${grow}</script>`)
    expect(text).toContain("word 0\n")
    expect((await stage.act({ action: "read", from: Number(/from (\d+)/.exec(text)?.[1]) })).text).toContain("word")
  })
})
