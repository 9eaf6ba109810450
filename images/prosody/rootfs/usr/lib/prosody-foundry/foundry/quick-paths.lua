-- Prosody looks for the folders of a path with a pattern that starts anew at each letter of the last one: 8 KB of a path take
-- it a tenth of a second, in which nobody else is served. This looks for them once, with the same result.

local load = require("foundry.core")

local quick = false

-- Whether the path leads out of the root on its way.
local function leaves_root(path)
  local level, from = 0, 1
  for slash in path:gmatch("()/") do
    local component = path:sub(from, slash - 1)
    if component == ".." then
      level = level - 1
    elseif component ~= "." and component ~= "" then
      level = level + 1
    end
    if level < 0 then return true end
    from = slash + 1
  end
  return false
end

local function preprocess(path)
  path = load("util.http").urldecode((path:gsub("//+", "/")))
  if path:sub(1, 1) ~= "/" then path = "/" .. path end
  return not leaves_root(path) and path or nil
end

-- The parser has it as a local of its own, which is called what it is called in every series.
local function find_own(parser)
  for at = 1, 255 do
    local name = debug.getupvalue(parser.new, at)
    if name == "preprocess_path" or not name then return name and at end
  end
end

local function replace()
  local parser = load("net.http.parser")
  local at = find_own(parser)
  if at then
    debug.setupvalue(parser.new, at, preprocess)
  else
    load("util.logger").init("foundry")("warn", "Long paths of HTTP take their time: the parser is another one.")
  end
end

-- The configuration is read again whenever somebody asks for it, and first of all before there is a network.
return function(server)
  if quick then return end
  quick = true
  -- What a handler gives back would keep the event from others: from those who start the hosts.
  server.events.add_handler("server-starting", function() replace() end)
end
