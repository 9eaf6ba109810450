-- The methods that all connections of Prosody's network share, or nil with a network_backend that has none of these.

local load = require("foundry.core")

local network = load("net.server")
local socket = require("socket")

local wanted = { "destroy", "defaultoptions", "resume", "pausefor" }

local watched = socket.udp()
local handle = network.watchfd(watched, function() end)
local methods = (getmetatable(handle) or {}).__index
handle:close()
watched:close()

local has_all = type(methods) == "table"
for _, name in ipairs(has_all and wanted or {}) do has_all = has_all and methods[name] ~= nil end

return { methods = has_all and methods or nil }
