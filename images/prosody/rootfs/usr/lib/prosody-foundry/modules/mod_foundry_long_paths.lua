-- Long paths that strangers ask HTTP for cost no more than short ones.
--
-- Prosody remembers which handlers ten thousand paths have, those that nobody serves too. A path can have ten kilobytes, so
-- that is a hundred megabytes of somebody's nonsense: long paths are looked up anew each time.
--
-- And 0.12 and 13.0.1 look for ".." in a path by a pattern that takes the square of the path's length: half a second of the
-- whole server for each request. Later releases have it as it is here.
module:set_global()

local load = require("foundry.core")

local urldecode = load("util.http").urldecode

local remembered_length = 256
local events = load("net.http.server")._events
local lookup = getmetatable(events._handlers)
local look_up = lookup.__index

-- It keeps the answer in the table that it was asked for, and the name where no such event has handlers of its own.
function lookup.__index(handlers, event)
  if #event <= remembered_length or events._event_map[event] then return look_up(handlers, event) end
  events._event_map[event] = {}
  local found = look_up({}, event)
  events._event_map[event] = nil
  return found
end

-- Nothing when it leads out of the folder that it is in.
local function preprocess_path(path)
  local decoded = urldecode((path:gsub("//+", "/")))
  if decoded:sub(1, 1) ~= "/" then decoded = "/" .. decoded end
  local level = 0
  for folder in decoded:gmatch("[^/]+") do
    if folder ~= "." then level = level + (folder == ".." and -1 or 1) end
    if level < 0 then return nil end
  end
  return decoded
end

-- What a function keeps of its file's locals under that name, and its number.
local function find_upvalue(of, wanted)
  local index = 1
  while true do
    local name, value = debug.getupvalue(of, index)
    if name == nil then return nil end
    if name == wanted then return value, index end
    index = index + 1
  end
end

local new_parser = load("net.http.parser").new
local slow, index = find_upvalue(new_parser, "preprocess_path")
if slow then
  debug.setupvalue(new_parser, index, preprocess_path)
else
  module:log("warn", "This Prosody reads HTTP's paths in another way: long ones may be slow")
end

function module.unload()
  lookup.__index = look_up
  if slow then debug.setupvalue(new_parser, index, slow) end
end
