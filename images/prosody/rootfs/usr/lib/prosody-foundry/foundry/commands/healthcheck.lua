-- healthcheck [--live] [--json]: how the server beside it is; exit code 0 when it is well, 1 when it is not.

local folders = require("foundry.folders")
local patience = 8 -- seconds; less than the image's own HEALTHCHECK has

local known = { ["--live"] = "live", ["--json"] = "json" }

local function ask(word)
  local unix = require("socket.unix")
  local socket = (type(unix) == "table" and unix.stream or unix)()
  socket:settimeout(patience, "t")
  local ok, reason = socket:connect(folders.run() .. "/health.sock")
  if not ok then return nil, reason end
  socket:send(word .. "\n")
  local answer, failure, part = socket:receive("*a")
  socket:close()
  answer = answer or part
  if not answer:find("\n") then return nil, failure or "closed" end
  return answer:match("^(%l+)\n(.*)$")
end

local silences = {
  timeout = "The server does not answer: it is overloaded, or its event loop is stuck.",
  ["permission denied"] = "This user may not ask the server: leave out --user.",
}

local function tell(text, is_json)
  if is_json then text = ('{"healthy":false,"state":"silent","problems":[{"kind":"state","sentence":%q}],"warnings":[]}'):format(text) end
  print(text)
end

return function(arguments)
  local word = "text"
  for _, argument in ipairs(arguments) do
    if not known[argument] then
      io.stderr:write(("%s is no word of healthcheck: --live, --json.\n"):format(argument))
      return 78
    end
    -- Whether it answers at all is the same in any form.
    if word ~= "live" then word = known[argument] end
  end
  local verdict, text = ask(word)
  if not verdict then
    tell(silences[text:lower()] or "The server does not run yet, or no more.", word == "json")
    return 1
  end
  io.write(text)
  return verdict == "good" and 0 or 1
end
