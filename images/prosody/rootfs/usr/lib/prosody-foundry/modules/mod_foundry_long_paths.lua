-- Long paths that strangers ask HTTP for cost no more than short ones.
--
-- Prosody remembers which handlers ten thousand paths have, those that nobody serves too. A path can have ten kilobytes, so
-- that is a hundred megabytes of somebody's nonsense: what is long, or served by nobody, is looked up anew each time.
--
-- And 0.12 and 13.0.1 look for ".." in a path by a pattern that takes the square of the path's length: half a second of the
-- whole server for each request. Later releases have it as it is here.
module:set_global()

local load = require("foundry.core")
local upvalues = require("foundry.upvalues")

local urldecode = load("util.http").urldecode

local remembered_length = 256
local events = load("net.http.server")._events
local lookup = getmetatable(events._handlers)
local look_up = lookup.__index

-- It keeps the answer in the table that it was asked for, and the name where no such event has handlers of its own.
local function look_once(event)
  events._event_map[event] = {}
  local found = look_up({}, event)
  events._event_map[event] = nil
  return found
end

function lookup.__index(handlers, event)
  if events._event_map[event] then return look_up(handlers, event) end
  local found = look_once(event)
  return found and #event <= remembered_length and look_up(handlers, event) or found
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

local put_back = upvalues.replace(load("net.http.parser").new, "preprocess_path", function() return preprocess_path end)
if not put_back then module:log("warn", "This Prosody reads HTTP's paths in another way: long ones may be slow") end

function module.unload()
  lookup.__index = look_up
  if put_back then put_back() end
end
