"""How the report looks: one style sheet, in light and in dark, without anything from outside."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --card: #ffffff; --ink: #1b1d22; --soft: #5d6470; --rule: #e4e4df;
  --grid: #ecece7; --good: #0b7a4b; --good-bg: #e3f4ea; --bad: #b3261e; --bad-bg: #fbe7e5;
  --even-bg: #efefeb;
  --t0: #2563eb; --t1: #d9620d; --t2: #0d8a7c; --t3: #9333b8; --t4: #a3810b; --t5: #c02a63;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --card: #1c1f25; --ink: #e9eaee; --soft: #9aa2b0; --rule: #2d323b;
    --grid: #272b33; --good: #5fd39a; --good-bg: #15352a; --bad: #ff8a80; --bad-bg: #3d2020;
    --even-bg: #2a2e36;
    --t0: #7aa7ff; --t1: #ff9d57; --t2: #45cbb9; --t3: #d08cf0; --t4: #e0bd4a; --t5: #ff86b0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", "PingFang SC", sans-serif;
  -webkit-text-size-adjust: 100%;
}
main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.02em; margin: 0 0 6px; }
h2 { font-size: 19px; letter-spacing: -0.01em; margin: 44px 0 4px; }
h3 { font-size: 14px; margin: 0 0 8px; }
p { margin: 4px 0 12px; max-width: 78ch; }
.soft, .note { color: var(--soft); }
.note { font-size: 13.5px; }
.facts { display: flex; flex-wrap: wrap; gap: 6px 26px; margin: 14px 0 0; padding: 0; }
.facts div { color: var(--soft); font-size: 13.5px; }
.facts b { color: var(--ink); font-variant-numeric: tabular-nums; font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 16px 0 0; font-size: 14px; }
.key::before {
  content: ""; display: inline-block; width: 11px; height: 11px; border-radius: 3px;
  margin-right: 7px; background: var(--tone);
}
.card {
  background: var(--card); border: 1px solid var(--rule); border-radius: 12px;
  padding: 18px 20px; overflow-x: auto;
}
.card + .card { margin-top: 16px; }
.grid2 .card + .card { margin-top: 0; }
.grid2 {
  display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr));
}
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td {
  text-align: right; padding: 7px 10px; border-bottom: 1px solid var(--rule);
  vertical-align: top;
}
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.tight th, .tight td { padding: 6px 6px; font-size: 13px; }
th .key::before { width: 9px; height: 9px; border-radius: 2px; margin-right: 6px; }
th { font-size: 13px; font-weight: 600; white-space: nowrap; }
thead th { color: var(--soft); border-bottom-width: 2px; }
tbody th { font-weight: 500; font-size: 14px; }
tr:last-child > * { border-bottom: 0; }
tr.part > * {
  color: var(--soft); font-size: 12px; letter-spacing: 0.04em; text-transform: uppercase;
  padding-top: 18px; text-align: left;
}
td .value { display: block; font-weight: 600; }
td .within { display: block; color: var(--soft); font-size: 12px; white-space: nowrap; }
td .by {
  display: inline-block; margin-top: 2px; padding: 0 7px; border-radius: 99px; font-size: 12px;
  background: var(--even-bg); color: var(--soft); white-space: nowrap;
}
td .by.good { background: var(--good-bg); color: var(--good); font-weight: 600; }
td .by.bad { background: var(--bad-bg); color: var(--bad); font-weight: 600; }
td .by.moved { color: var(--ink); font-weight: 600; }
.what {
  display: block; color: var(--soft); font-size: 12px; font-weight: 400; white-space: normal;
}
svg { display: block; width: 100%; height: auto; font: 11.5px system-ui, sans-serif; }
svg .grid { stroke: var(--grid); }
svg .zero { stroke: var(--soft); stroke-width: 1.2; }
svg .even { stroke: var(--soft); stroke-dasharray: 4 4; }
svg .tick { fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .name { fill: var(--ink); font-size: 12.5px; }
svg .line {
  fill: none; stroke: var(--tone); stroke-width: 2; stroke-linejoin: round;
  stroke-linecap: round;
}
svg .dot { fill: var(--tone); }
svg .span { stroke: var(--tone); stroke-width: 3; stroke-linecap: round; opacity: 0.55; }
svg .faint .dot { fill: var(--card); stroke: var(--tone); stroke-width: 1.8; }
svg .faint .span { opacity: 0.3; }
.t0 { --tone: var(--t0); } .t1 { --tone: var(--t1); } .t2 { --tone: var(--t2); }
.t3 { --tone: var(--t3); } .t4 { --tone: var(--t4); } .t5 { --tone: var(--t5); }
.none { color: var(--soft); }
details { margin-top: 14px; }
summary { cursor: pointer; color: var(--soft); font-size: 14px; }
dl {
  display: grid; grid-template-columns: minmax(120px, max-content) 1fr; gap: 6px 20px;
  font-size: 13.5px;
}
dt { font-weight: 600; }
dd { margin: 0; color: var(--soft); max-width: 80ch; }
@media (max-width: 640px) {
  main { padding: 24px 14px 60px; }
  .card { padding: 14px; }
  dl { grid-template-columns: 1fr; gap: 2px; }
  dd { margin-bottom: 8px; }
}
@media print { .card { break-inside: avoid; } body { background: #fff; } }
"""
