-- help [OPTION…]: the commands and all options, or everything about some of them.

local options = require("foundry.options")
local environment = require("foundry.environment")
local did_you_mean = require("foundry.nearest")

local function text_of(value)
  if type(value) == "table" then return table.concat(value, ",") end
  return tostring(value)
end

local function default_of(option)
  if option.usually then return option.usually end
  if option.default == nil or (type(option.default) == "table" and #option.default == 0) then return "none" end
  return text_of(option.default)
end

local function names_of(option)
  local names = {}
  for _, entry in ipairs(environment.names_of(option)) do names[#names + 1] = entry.name end
  return names
end

local function show_all()
  print("Usage: [prosody]              run the server")
  print("       prosodyctl COMMAND …   run prosodyctl with the same configuration; COMMAND alone does, too")
  print("       help [OPTION…]         show this, or all about an option")
  print("\nOptions, from the environment:")
  local group
  for _, option in ipairs(options) do
    if option.group ~= group then print("\n" .. option.group) end
    group = option.group
    print(("  %s\n      %s. Default: %s"):format(option.name, option.help, default_of(option)))
  end
  print("\nMore configuration: /etc/prosody/conf.d/*.cfg.lua")
end

local function show_one(option)
  local function line(label, text)
    if text and text ~= "" then print(("  %-10s %s"):format(label, text)) end
  end
  local names = names_of(option)
  print(option.name)
  line("", option.help)
  line("Default", default_of(option))
  line("Choices", option.choices and table.concat(option.choices, ", "))
  line("Example", option.example and option.name .. "=" .. option.example)
  line("Also", table.concat(names, ", ", 2))
  line("Sets", type(option.sets) == "table" and table.concat(option.sets, ", ") or option.sets)
  line("Since", option.since)
end

local function find(name)
  for _, option in ipairs(options) do
    for _, known in ipairs(names_of(option)) do
      if known == name:upper() then return option end
    end
  end
end

return function(arguments)
  if #arguments == 0 then return show_all() end
  for _, name in ipairs(arguments) do
    local option = find(name)
    if not option then
      io.stderr:write(("%s is no option of this image.%s\n"):format(name, did_you_mean(name:upper(), environment.known_names())))
      return 78
    end
    show_one(option)
  end
end
