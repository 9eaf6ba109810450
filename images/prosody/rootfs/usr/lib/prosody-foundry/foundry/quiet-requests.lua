-- mod_auth_http asks with the password in the address, and Prosody's log tells, with all it can tell, each address it asks.

local load = require("foundry.core")

local quiet = false

-- The configuration is read again whenever somebody asks for it, and first of all before there is a network.
return function(server)
  if quiet then return end
  quiet = true
  server.events.add_handler("server-starting", function()
    load("net.http").events.add_handler("pre-request", function(event)
      if event.options and event.url:find("[?&]pass=") then event.options.suppress_url = true end
    end)
  end)
end
