"""Looks at the trace page in a browser: what is rendered, not what the source says. Arguments: the pages of a small, of a
long, of a hostile and of an empty trace. Prints TAP."""
import sys

import devtools

COUNT = FAILED = 0

# Rows that can be seen, and the message's number in one of them.
IN_SIGHT = """[...document.querySelectorAll('#rows .row')].filter((row) => {
    const box = row.getBoundingClientRect(), list = document.getElementById('scroll').getBoundingClientRect();
    return box.height > 0 && box.bottom > list.top && box.top < list.bottom; })"""
NUMBERS = IN_SIGHT + ".filter((row) => row.matches('.message')).map((row) => row.querySelector('.number').textContent)"
FOUND = "document.getElementById('found').textContent"
FOCUSED = "document.activeElement.closest('.row')?.querySelector('.number').textContent"

# Contrast of each text with what is behind it (WCAG 2, 1.4.3); the least of all.
CONTRAST = """(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const pixel = (colours) => { canvas.clearRect(0, 0, 1, 1);
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
    const light = (rgb) => { const [r, g, b] = rgb.map((c) => c / 255).map((c) =>
        c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    let least = 21;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || element.offsetHeight === 0 || element.matches('script, option')) continue;
        const behind = [];
        for (let at = element; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
        const [one, two] = [pixel(['white', ...behind]), pixel(['white', ...behind, getComputedStyle(element).color])]
            .map(light).sort((a, b) => b - a);
        least = Math.min(least, (one + 0.05) / (two + 0.05));
    }
    return least;
})()"""


def verdict(sentence, passed, *seen):
    global COUNT, FAILED
    COUNT += 1
    FAILED += not passed
    print(("ok" if passed else "not ok"), COUNT, "-", sentence, flush=True)
    if not passed:
        print("#", *seen, flush=True)


def detail(number):
    """The text of a message's detail as far as it has a height on the screen, else ''."""
    return ("[...document.querySelectorAll('#rows .message')].filter((row) => row.querySelector('.number').textContent === "
            f"'{number}').map((row) => row.querySelector('.detail')).filter((one) => one && one.offsetHeight > 0)"
            ".map((one) => one.innerText).join('')")


def look_at_small(browser, page):
    verdict("the page of a small trace is shown", browser.open(page))
    numbers = browser.evaluate(NUMBERS)
    verdict("each message has a row", numbers == [str(i) for i in range(1, 12)], numbers)
    verdict("the dialogue that begins has a row", browser.evaluate(IN_SIGHT + ".length") == 12)
    verdict("arrows go both ways",
            browser.evaluate("document.querySelectorAll('.to-vm .arrow').length") == 6 and
            browser.evaluate("document.querySelectorAll('.to-node .arrow').length") == 5)
    legend = browser.evaluate("document.getElementById('legend').innerText")
    verdict("the time in the VM, on the wire and in the world is shown",
            all(word in legend for word in ("VM", "wire", "world")) and " 0.0 " not in legend, legend)

    browser.click("#rows .message:nth-child(4) > button")
    text = browser.evaluate(detail(3))
    verdict("a click opens a message with its whole address", "0x" + "a1" * 20 in text and "a1 a1 a1" in text, text)
    tops = browser.evaluate("[...document.querySelectorAll('#rows .row')].map((row) => row.getBoundingClientRect())"
                            ".map((box) => [box.top, box.bottom]).sort((a, b) => a[0] - b[0])")
    verdict("no row lies over another when one is open", all(abs(a[1] - b[0]) < 1 for a, b in zip(tops, tops[1:])), tops)
    browser.click("#rows .message:nth-child(4) > button")
    verdict("a second click closes it", browser.evaluate(detail(3)) == "")

    browser.press("ArrowDown", 40)
    browser.press("ArrowDown", 40)
    verdict("the arrow keys go from message to message", browser.evaluate(FOCUSED) == "5", browser.evaluate(FOCUSED))
    browser.press("Enter", 13, "\r")
    verdict("Enter opens the message that has the focus", "address" in browser.evaluate(detail(5)))
    verdict("a screen reader is told that it is open",
            browser.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true")
    browser.press("ArrowLeft", 37)
    verdict("the left arrow closes it", browser.evaluate(detail(5)) == "")
    browser.press("End", 35)
    verdict("End goes to the last message", browser.evaluate(FOCUSED) == "11", browser.evaluate(FOCUSED))

    browser.press("/", 191, "/")
    browser.type("getcode")
    verdict("a search finds the one message", browser.evaluate(FOUND) == "1 of 1", browser.evaluate(FOUND))
    verdict("and shows it marked", browser.evaluate("document.querySelector('.here .number').textContent") == "7")
    browser.press("ArrowDown", 40)
    verdict("from the search the arrow goes to what was found", browser.evaluate(FOCUSED) == "7", browser.evaluate(FOCUSED))
    browser.press("/", 191, "/")
    browser.press("Escape", 27)
    verdict("Escape ends the search", browser.evaluate(FOUND) == "" and
            browser.evaluate("document.querySelectorAll('.hit').length") == 0)
    browser.type("no such thing")
    verdict("a search without a match says so", browser.evaluate(FOUND) == "no match")
    verdict("nothing went wrong in the page", browser.troubles() == [], browser.troubles())
    verdict("the page asks the network for nothing", browser.requests() == [], browser.requests())

    browser.open(page, "#search=GetAccount&only=1&expand=5")
    numbers = browser.evaluate(NUMBERS)
    verdict("an address opens the page with a search, only its matches, and one open",
            numbers == ["3", "5"] and "a24dc96c" in browser.evaluate(detail(5)), numbers)
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.open(page, "#search=GetCode&expand=3")
        contrast = browser.evaluate(CONTRAST)
        verdict(f"all text can be read in {scheme} colours (contrast {contrast:.1f})", contrast >= 4.5)
        dark = browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 28)"
        verdict(f"{scheme} colours are taken where they are wished for", dark == (scheme == "dark"))
    browser.call("Emulation.setEmulatedMedia", features=[])


def look_at_long(browser, page):
    rendered = 3000
    for _ in range(3):  # the best of three, on a machine that has other work
        browser.open(page)
        rendered = min(rendered, int(browser.evaluate("document.documentElement.dataset.rendered")))
    total = browser.evaluate("JSON.parse(document.getElementById('trace').textContent).messages.length")
    verdict(f"{total} messages are shown after {rendered} ms, of 3000 allowed", total >= 10000 and rendered < 3000)
    alive = browser.evaluate("document.querySelectorAll('#rows .row').length")
    verdict(f"only what is near is in the document: {alive} rows", 10 < alive < 100)
    browser.evaluate("document.getElementById('scroll').scrollTop = 1e9")
    verdict("the end can be scrolled to", browser.wait(f"({NUMBERS}).includes('{total}')"), browser.evaluate(NUMBERS))
    browser.settle()
    browser.click(f"[data-item='{total}'] > button")
    verdict("the last message opens", browser.wait(f"({detail(total)}).includes('gasRemaining')"))
    browser.press("/", 191, "/")
    browser.type("GetStorageData")
    expected = browser.evaluate("JSON.parse(document.getElementById('trace').textContent).messages"
                                ".filter((one) => one[5] === 'GetStorageData').length")
    text = browser.evaluate(FOUND)
    verdict("a search counts all its matches", text.endswith(f" of {expected:,}") and expected >= 4900, text)
    browser.press("Enter", 13, "\r")
    first = browser.evaluate("document.querySelector('.here .number').textContent")
    browser.press("Enter", 13, "\r")
    second = browser.evaluate("document.querySelector('.here .number').textContent")
    verdict("Enter goes to the next match", int(second) == int(first) + 2, first, second)
    browser.press("Escape", 27)
    browser.type("key=4000")
    verdict("one key among thousands is found and in sight", browser.evaluate(FOUND) == "1 of 1" and
            browser.evaluate(f"({IN_SIGHT}).some((row) => row.matches('.here'))"), browser.evaluate(FOUND))
    verdict("nothing went wrong with the long trace", browser.troubles() == [], browser.troubles())


def look_at_hostile(browser, page):
    verdict("a hostile trace is shown", browser.open(page))
    verdict("no script of a trace runs", browser.evaluate("window.owned === undefined"))
    verdict("no markup of a trace becomes any", browser.evaluate("document.querySelectorAll('b.evil, img, iframe').length") == 0)
    text = browser.evaluate("document.querySelector('.session').innerText")
    verdict("it stands there as text", "</script>" in text, text)
    verdict("nothing is asked for by a hostile trace", browser.requests() == [], browser.requests())


def look_at_empty(browser, page):
    verdict("a trace without messages is shown", browser.open(page))
    text = browser.evaluate("document.getElementById('scroll').innerText")
    verdict("and says that it has none", "No message was recorded" in text, text)
    browser.press("/", 191, "/")
    browser.type("x")
    verdict("a search in nothing finds nothing", browser.evaluate(FOUND) == "no match" and browser.troubles() == [],
            browser.troubles())


def main():
    program = devtools.find_browser()
    with devtools.Browser(program) as browser:
        look_at_small(browser, sys.argv[1])
        look_at_long(browser, sys.argv[2])
        look_at_hostile(browser, sys.argv[3])
        look_at_empty(browser, sys.argv[4])
    print(f"1..{COUNT}")
    return FAILED > 0


sys.exit(main())
