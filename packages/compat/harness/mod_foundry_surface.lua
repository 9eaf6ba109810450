-- Tells what a running server offers to modules, and ends it.
module:set_global();

local lfs = require "lfs";
local modulemanager = package.loaded["core.modulemanager"] or package.loaded["prosody.core.modulemanager"];
local json = package.loaded["util.json"] or require "util.json";
local mark = module:get_option_string("foundry_mark");

local function sorted_keys(map)
	local keys = {};
	for key in pairs(map) do
		if type(key) == "string" then keys[#keys + 1] = key; end
	end
	table.sort(keys);
	return keys;
end

-- Calls back with the name (`a.b`) of each library file below a folder.
local function each_library(folder, prefix, found)
	if lfs.attributes(folder, "mode") ~= "directory" then return; end
	for entry in lfs.dir(folder) do
		local path = folder .. "/" .. entry;
		local base = entry:match("^([^.]+)%.lua$") or entry:match("^([^.]+)%.so$");
		if entry:sub(1, 1) ~= "." and lfs.attributes(path, "mode") == "directory" then
			each_library(path, prefix .. entry .. ".", found);
		elseif base == "init" then
			found(prefix:sub(1, -2));
		elseif base then
			found(prefix .. base);
		end
	end
end

local function exports_of(library)
	local names = {};
	local meta = getmetatable(library);
	if type(library) == "table" then
		for key in pairs(library) do names[key] = true; end
	end
	if type(meta) == "table" and type(meta.__index) == "table" then
		for key in pairs(meta.__index) do names[key] = true; end
	end
	return sorted_keys(names);
end

-- Both names of a library count where the release knows both: `util.x` and `prosody.util.x`.
local function read_libraries()
	local libraries = {};
	local function read(name)
		local ok, library = pcall(require, name);
		if ok then libraries[name] = exports_of(library); end
	end
	for _, group in ipairs { "core"; "net"; "util" } do
		each_library(prosody.paths.source .. "/" .. group, group .. ".", function (name)
			read(name);
			read("prosody." .. name);
		end);
	end
	-- Some are made up by the server, such as the stub that is left of core.componentmanager.
	for name in pairs(package.loaded) do
		local bare = name:gsub("^prosody%.", "");
		if bare:match("^core%.") or bare:match("^net%.") or bare:match("^util%.") then read(name); end
	end
	return libraries;
end

local function read_lua()
	local names = {};
	local function read(name)
		if pcall(require, name) then names[name] = true; end
	end
	for name in pairs(_G) do
		if type(package.loaded[name]) == "table" then names[name] = true; end
	end
	for template in (package.path .. ";" .. package.cpath):gmatch("[^;]+") do
		local folder = template:match("^(/.*)/%?%.%w+$");
		if folder and folder ~= prosody.paths.source and folder:match("/lua/") then
			each_library(folder, "", read);
		end
	end
	return sorted_keys(names);
end

-- `mod_x.lua` lies in the plugin folder itself or one folder down (`muc/mod_muc.lua`, `mod_pubsub/mod_pubsub.lua`).
local function read_plugins()
	local names = {};
	local function read(folder, deeper)
		for entry in lfs.dir(folder) do
			local path = folder .. "/" .. entry;
			local name = entry:match("^(mod_[^.]+)%.lua$");
			if name then names[name] = true; end
			if deeper and entry:sub(1, 1) ~= "." and lfs.attributes(path, "mode") == "directory" then read(path, false); end
		end
	end
	read(prosody.paths.plugins:match("[^;]+$"), true);
	return sorted_keys(names);
end

-- Some methods live in the shared API table, some (`log`) in each module.
local function read_module_api()
	local names = {};
	local shared = require "core.moduleapi";
	for _, methods in ipairs { shared; modulemanager.get_module("foundry.test", "presence").module } do
		for key, value in pairs(methods) do
			if type(value) == "function" and key:sub(1, 1) ~= "_" then names[key] = true; end
		end
	end
	return sorted_keys(names);
end

local function report()
	-- The globals come first: a library that is required may add some.
	local globals = sorted_keys(_G);
	local features = {};
	for feature in require "core.features".available do features[feature] = true; end
	local surface = {
		version = prosody.version;
		core = read_plugins();
		features = sorted_keys(features);
		globals = globals;
		moduleApi = read_module_api();
		libraries = read_libraries();
		lua = read_lua();
	};
	print("");
	print(mark .. "=" .. json.encode(surface));
	os.exit(0);
end

module:hook("server-started", function ()
	module:add_timer(0, report);
end, -1000);
