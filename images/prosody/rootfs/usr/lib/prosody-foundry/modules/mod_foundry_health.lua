-- Tells `healthcheck` how the server is, over a socket beside Prosody's own: one word comes in, the answer goes out, and
-- nothing is logged. Other modules add to it by the global event "foundry-health", whose `problem` and `warn` take a
-- kind and a sentence.

module:set_global()

local load_library = require("foundry.core")
local server = load_library("net.server")
local json = load_library("util.json")
local checks = require("foundry.health-checks")
local path = require("foundry.folders").run() .. "/health.sock"

local has_unix, unix = pcall(require, "socket.unix")
if has_unix and type(unix) == "function" then unix = { stream = unix } end

local state = "starting"

local function judge()
  local problems, warnings = {}, {}
  local function add_to(list)
    return function(kind, sentence) list[#list + 1] = { kind = kind, sentence = sentence } end
  end
  local event = { problem = add_to(problems), warn = add_to(warnings) }
  if state ~= "running" then
    event.problem("state", ("The server is %s."):format(state))
    return problems, warnings
  end
  for kind, check in pairs(checks) do
    local ran, failure = pcall(check, function(sentence) event.problem(kind, sentence) end)
    if not ran then event.problem(kind, ("The check of %s failed: %s"):format(kind, failure)) end
  end
  module:fire_event("foundry-health", event)
  return problems, warnings
end

local function sentences_of(list)
  local lines = {}
  for _, entry in ipairs(list) do lines[#lines + 1] = entry.sentence end
  table.sort(lines)
  return lines
end

local function describe(problems, warnings)
  local lines = sentences_of(problems)
  for _, sentence in ipairs(sentences_of(warnings)) do lines[#lines + 1] = "Warning: " .. sentence end
  if #problems == 0 then table.insert(lines, 1, "The server is healthy.") end
  return table.concat(lines, "\n")
end

-- The first word of an answer is the verdict, the rest is to be shown.
local answers = {
  live = function() return "good", "The server answers." end,
  text = function()
    local problems, warnings = judge()
    return #problems == 0 and "good" or "bad", describe(problems, warnings)
  end,
  json = function()
    local problems, warnings = judge()
    local list = function(entries) return #entries > 0 and json.encode(entries) or "[]" end
    return #problems == 0 and "good" or "bad", ('{"healthy":%s,"state":%q,"problems":%s,"warnings":%s}'):format(
      #problems == 0, state, list(problems), list(warnings))
  end,
}

local listener = {}

function listener.onincoming(conn, data)
  local answer = answers[(data or ""):match("^(%l+)\n")]
  if answer then
    local verdict, text = answer()
    conn:write(verdict .. "\n" .. text .. "\n")
  end
  conn:close()
end

function listener.ondisconnect() end

local socket, connection

local function accept()
  local client = socket:accept()
  if client then server.wrapclient(client, "health", 0, listener, "*a") end
end

local function open()
  socket = unix.stream()
  socket:settimeout(0)
  os.remove(path)
  local ok, reason = socket:bind(path)
  if ok then ok, reason = socket:listen() end
  if not ok then return module:log("error", "There is no socket for `healthcheck` at %s: %s", path, reason) end
  connection = server.wrapserver and server.wrapserver(socket, path, 0, listener) or server.watchfd(socket:getfd(), accept)
end

function module.load()
  if prosody.process_type == "prosodyctl" then return end
  open()
end

function module.unload()
  if connection then connection:close() end
  os.remove(path)
end

module:hook("server-started", function() state = "running" end)
module:hook("server-stopping", function() state = "stopping" end)
module:hook("server-stopped", function() os.remove(path) end)
