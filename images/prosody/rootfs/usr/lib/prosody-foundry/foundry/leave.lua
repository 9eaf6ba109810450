-- Ends the server before it has served anybody: nothing is left behind that looks like one that runs.

local say = require("foundry.say")
local folders = require("foundry.folders")

return function(code, sentences)
  for _, sentence in ipairs(sentences) do say("error", sentence) end
  local run = folders.run()
  os.remove(prosody.pidfile or run .. "/prosody.pid")
  for _, name in ipairs({ "prosody.sock", "health.sock" }) do os.remove(run .. "/" .. name) end
  os.exit(code)
end
