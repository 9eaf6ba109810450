-- One line on standard error, as Prosody's own log has them.

-- What is wrong with it is told by whoever reads the whole environment.
local is_timed = require("foundry.parse").boolean(os.getenv("PROSODY_LOG_TIMESTAMPS") or "")

return function(level, sentence)
  io.stderr:write(("%sprosody-foundry\t%s\t%s\n"):format(is_timed and os.date("!%Y-%m-%dT%H:%M:%SZ ") or "", level, sentence))
end
