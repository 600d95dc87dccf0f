#!/usr/bin/env node
// Plain old JavaScript: it has to run on any Node, to say that it is too old.
"use strict";
var version = process.versions.node.split(".").map(Number);
if (version[0] > 22 || (version[0] === 22 && version[1] >= 18)) {
  require("./start.cjs");
} else {
  console.error(
    "perdure needs Node 22.18 or newer, and this is " +
      process.versions.node +
      ".\n" +
      "Install a newer one (https://nodejs.org), or run it with: npx -p node@24 -p @perdure/cli perdure",
  );
  process.exitCode = 5;
}
