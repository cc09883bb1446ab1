var target = Argument("target", "Default");
// Checked is Release with the contract checks (Debug.Assert) left in.
var testConfiguration = Argument("configuration", "Checked");
var benchArguments = Argument("bench-args", "");
var emulateArguments = Argument("emulate-args", "");
// Required: a machine that cannot build the C kernels is an error, not a note.
var nativeIsRequired = Argument("native", "optional") == "required";
// Where Install goes; artifacts/runtime-install without it.
var prefix = Argument("prefix", "");
if (prefix != "" && target != "Install")
{
    throw new CakeException($"--prefix={prefix} is for the target Install, not for {target}.");
}

const string Solution = "RnnRuntime.sln";
const string TestProject = "tests/RnnRuntime.Tests/RnnRuntime.Tests.csproj";
const string BenchProject = "bench/RnnRuntime.Bench/RnnRuntime.Bench.csproj";
const string ExportsProject = "src/RnnRuntime.Exports";
var artifacts = MakeAbsolute(Directory("artifacts"));
var testResults = artifacts.CombineWithFilePath("test-results/RnnRuntime.Tests.trx");
var packageTestResults = artifacts.CombineWithFilePath("test-results/PackageTests.trx");
var hostTestResults = artifacts.CombineWithFilePath("test-results/HostTests.trx");
var packages = artifacts.Combine("packages");
var nativeLibraries = artifacts.Combine("native");
var nativeBuilds = artifacts.Combine("native-builds");
var runtimeLibraries = artifacts.Combine("runtime");
// The programs of tests/hosts.
var hosts = artifacts.Combine("hosts");
// The C part of the runtime's shared library, as Native made it for this machine.
var frontEndArchive = nativeLibraries.Combine(RuntimeIdentifier()).CombineWithFilePath("librnnruntime-front.a");
// The C library, installed as a CMake prefix for each runtime identifier.
var runtimeInstall = artifacts.Combine("runtime-install");
// The test program of the library that Native built.
FilePath nativeTests = null;

// Build servers outlive the command and hold its output streams open.
var quiet = new DotNetMSBuildSettings { NodeReuse = false, NoLogo = true }.WithProperty("UseSharedCompilation", "false");

void Run(string program, ProcessArgumentBuilder arguments)
{
    var exitCode = StartProcess(program, new ProcessSettings { Arguments = arguments });
    if (exitCode != 0)
    {
        throw new CakeException(exitCode, $"{program} ended with exit code {exitCode}.");
    }
}

// The first of these programs that the search path has, or null.
FilePath FindProgram(params string[] names) => names.Where(name => !string.IsNullOrEmpty(name)).Select(name => Context.Tools.Resolve(name)
    ?? Context.Tools.Resolve(name + ".exe")).FirstOrDefault(path => path != null);

// Compiles native/ with one compiler, every warning an error, and returns the folder of the build.
DirectoryPath BuildNative(FilePath cmake, FilePath compiler, string sanitizers = "")
{
    var build = nativeBuilds.Combine(compiler.GetFilenameWithoutExtension() + (sanitizers == "" ? "" : "-sanitized"));
    Run(cmake.FullPath, new ProcessArgumentBuilder()
        .Append("-S").AppendQuoted(MakeAbsolute(Directory("native")).FullPath).Append("-B").AppendQuoted(build.FullPath)
        .Append("-DCMAKE_BUILD_TYPE=Release").Append("-Wno-dev").AppendQuoted("-DCMAKE_C_COMPILER=" + compiler.FullPath)
        .AppendQuoted("-DRNNKERNELS_SANITIZE=" + sanitizers)
        .Append("--log-level=WARNING"));
    Run(cmake.FullPath, new ProcessArgumentBuilder().Append("--build").AppendQuoted(build.FullPath).Append("--config").Append("Release").Append("--parallel"));
    return build;
}

// Runs the test program of one configuration, all of it or what the filter names, and fails where none of that ran.
void RunTests(string configuration, FilePath results, string filter = "")
{
    EnsureDirectoryExists(results.GetDirectory());
    if (FileExists(results))
    {
        DeleteFile(results);
    }

    Run("dotnet", new ProcessArgumentBuilder()
        .Append("exec")
        .AppendQuoted($"tests/RnnRuntime.Tests/bin/{configuration}/net10.0/RnnRuntime.Tests.dll")
        .Append("-noLogo")
        .Append(System.Console.IsOutputRedirected ? "-noColor" : "")
        .Append(filter)
        .Append("-result-trx").AppendQuoted(results.FullPath));

    if (!System.Xml.Linq.XDocument.Load(results.FullPath).Descendants().Any(element => element.Name.LocalName == "UnitTestResult"
        && (filter == "" || element.Attribute("outcome")?.Value == "Passed")))
    {
        throw new CakeException("The test program ran no test.");
    }
}

string RuntimeIdentifier()
{
    var system = IsRunningOnWindows() ? "win" : IsRunningOnMacOs() ? "osx" : "linux";
    return $"{system}-{System.Runtime.InteropServices.RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
}

Task("Native")
    .Description("Compiles the optional C kernels where there are cmake and a C compiler: --native=required where they must be.")
    .Does(() =>
    {
        var target = nativeLibraries.Combine(RuntimeIdentifier());
        var (cmake, compiler) = (FindProgram("cmake"), FindProgram(EnvironmentVariable("CC"), "gcc", "clang", "cc"));
        try
        {
            if (cmake == null || compiler == null)
            {
                throw new CakeException($"there is no {(cmake == null ? "cmake" : "C compiler (gcc, clang, cc)")}");
            }

            var build = BuildNative(cmake, compiler);
            CleanDirectory(target);
            var libraries = GetFiles($"{build}/**/*rnnkernels.{{so,dylib,dll}}");
            if (libraries.Count != 1)
            {
                throw new CakeException($"the build made {libraries.Count} libraries instead of one");
            }

            CopyFiles(libraries, target);
            CopyFiles(GetFiles($"{build}/**/{frontEndArchive.GetFilename()}"), target);
            nativeTests = GetFiles($"{build}/**/rnnkernels-tests*").FirstOrDefault(file => file.GetExtension() is null or ".exe");
        }
        catch (CakeException exception) when (!nativeIsRequired)
        {
            // What an earlier build left does not belong to these sources.
            CleanDirectory(target);
            Warning($"The C kernels are left out, the library runs without them: {exception.Message}");
        }
    });

Task("NativeTest")
    .Description("Compiles the C kernels with gcc and with clang and runs their tests; both compilers must be there. With gcc also a short run with sanitizers.")
    .Does(() =>
    {
        var cmake = FindProgram("cmake") ?? throw new CakeException("There is no cmake.");
        foreach (var name in new[] { "gcc", "clang" })
        {
            var compiler = FindProgram(name) ?? throw new CakeException($"There is no {name}.");
            var build = BuildNative(cmake, compiler);
            Run("ctest", new ProcessArgumentBuilder().Append("--test-dir").AppendQuoted(build.FullPath).Append("--output-on-failure").Append("-C").Append("Release"));
        }

        // gcc alone brings the sanitizers' libraries with it.
        var sanitized = BuildNative(cmake, FindProgram("gcc"), "address,undefined");
        Run(sanitized.CombineWithFilePath("rnnkernels-tests").FullPath, new ProcessArgumentBuilder().Append("--quick"));
    });

// Compiles tests/hosts against the library of a folder.
void BuildHosts(FilePath cmake, FilePath compiler, DirectoryPath library, DirectoryPath output, string sanitizers = "")
{
    var build = nativeBuilds.Combine("hosts-" + compiler.GetFilenameWithoutExtension() + (sanitizers == "" ? "" : "-sanitized"));
    CleanDirectory(output);
    Run(cmake.FullPath, new ProcessArgumentBuilder()
        .Append("-S").AppendQuoted(MakeAbsolute(Directory("tests/hosts")).FullPath).Append("-B").AppendQuoted(build.FullPath)
        .Append("-DCMAKE_BUILD_TYPE=Release").AppendQuoted("-DCMAKE_C_COMPILER=" + compiler.FullPath)
        .AppendQuoted("-DCMAKE_RUNTIME_OUTPUT_DIRECTORY=" + output.FullPath)
        .AppendQuoted("-DRNNHOSTS_SANITIZE=" + sanitizers)
        .AppendQuoted("-DRNNRUNTIME_LIBRARY_FOLDER=" + library.FullPath).Append("--log-level=WARNING"));
    Run(cmake.FullPath, new ProcessArgumentBuilder().Append("--build").AppendQuoted(build.FullPath).Append("--config").Append("Release").Append("--parallel"));
}

Task("Hosts")
    .Description("Compiles the programs of tests/hosts, which use the shared library for C, to artifacts/hosts: --native=required where they must be.")
    .IsDependentOn("Exports")
    .Does(() =>
    {
        var library = runtimeLibraries.Combine(RuntimeIdentifier());
        var (cmake, compiler) = (FindProgram("cmake"), FindProgram(EnvironmentVariable("CC"), "gcc", "clang", "cc"));
        try
        {
            if (cmake == null || compiler == null)
            {
                throw new CakeException($"there is no {(cmake == null ? "cmake" : "C compiler (gcc, clang, cc)")}");
            }

            if (GetFiles($"{library}/*rnnruntime.{{so,dylib,dll}}").Count == 0)
            {
                throw new CakeException("there is no shared library to use");
            }

            BuildHosts(cmake, compiler, library, hosts);
        }
        catch (CakeException exception) when (!nativeIsRequired)
        {
            // What an earlier build left does not belong to these sources.
            CleanDirectory(hosts);
            Warning($"The native hosts are left out, their tests are skipped: {exception.Message}");
        }
    });

Task("HostTest")
    .Description("Runs the tests of hosts with gcc's sanitizers and with valgrind; cmake, gcc and valgrind must be there (Linux).")
    .IsDependentOn("Hosts")
    .IsDependentOn("Restore")
    .Does(() =>
    {
        const string Sanitizers = "address,undefined";
        var cmake = FindProgram("cmake") ?? throw new CakeException("There is no cmake.");
        var gcc = FindProgram("gcc") ?? throw new CakeException("There is no gcc.");
        if (FindProgram("valgrind") == null)
        {
            throw new CakeException("There is no valgrind.");
        }

        // The same managed code; the C code around it, and what uses it, with sanitizers.
        var library = nativeBuilds.Combine("runtime-sanitized");
        var archive = BuildNative(cmake, gcc, Sanitizers).CombineWithFilePath("librnnruntime-front.a");
        var settings = new DotNetMSBuildSettings { NodeReuse = false, NoLogo = true }.WithProperty("UseSharedCompilation", "false")
            .WithProperty("FrontEndArchive", archive.FullPath).WithProperty("Sanitizers", Sanitizers.Replace(",", "%2C"))
            .WithProperty("CppLinker", gcc.FullPath).WithProperty("NativeOutputPath", library.FullPath + "/");
        DotNetPublish(ExportsProject, new DotNetPublishSettings
        {
            Configuration = "Release", Runtime = RuntimeIdentifier(), MSBuildSettings = settings, Verbosity = DotNetVerbosity.Minimal,
        });
        var sanitizedHosts = artifacts.Combine("hosts-sanitized");
        BuildHosts(cmake, gcc, library, sanitizedHosts, Sanitizers);

        DotNetBuild(TestProject, new DotNetBuildSettings
        {
            Configuration = testConfiguration, NoRestore = true, MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Minimal,
        });
        Environment.SetEnvironmentVariable("RNNRUNTIME_SANITIZED_HOSTS", sanitizedHosts.FullPath);
        Environment.SetEnvironmentVariable("RNNRUNTIME_VALGRIND", "1");
        RunTests(testConfiguration, hostTestResults, "-class *.CheckedHostTests");
    });

Task("Restore")
    .Does(() => DotNetRestore(Solution, new DotNetRestoreSettings { MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Quiet }));

Task("Build")
    .Description("Compiles every project in Release.")
    .IsDependentOn("Native")
    .IsDependentOn("Restore")
    .Does(() => DotNetBuild(Solution, new DotNetBuildSettings
    {
        Configuration = "Release", NoRestore = true, MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Minimal,
    }));

Task("Test")
    .Description("Runs every test on this machine's processor: --configuration=Checked|Release|Debug.")
    .IsDependentOn("Hosts")
    .IsDependentOn("Restore")
    .Does(() =>
    {
        DotNetBuild(TestProject, new DotNetBuildSettings
        {
            Configuration = testConfiguration, NoRestore = true, MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Minimal,
        });

        RunTests(testConfiguration, testResults);
    });

Task("Emulate")
    .Description("Runs the kernel tests, C# and C, and the shared library on emulated processors (Linux, Bochs): --emulate-args=\"-c MODEL\" takes one of them.")
    .IsDependentOn("Hosts")
    .Does(() =>
    {
        if (nativeTests == null)
        {
            throw new CakeException("The emulated run tests the C kernels too, which were not built.");
        }

        Run("bash", new ProcessArgumentBuilder().Append("tests/emulate.sh").Append("-n").AppendQuoted(nativeTests.FullPath).Append(emulateArguments));
    });

Task("Bench")
    .Description("Runs the benches: --bench-args=\"...\" goes to the bench program.")
    .IsDependentOn("Native")
    .IsDependentOn("Restore")
    .Does(() =>
    {
        DotNetBuild(BenchProject, new DotNetBuildSettings
        {
            Configuration = "Release", NoRestore = true, MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Minimal,
        });
        Run("dotnet", new ProcessArgumentBuilder()
            .Append("exec").Append("bench/RnnRuntime.Bench/bin/Release/net10.0/RnnRuntime.Bench.dll").Append(benchArguments));
    });

Task("Exports")
    .Description("Makes the shared library for C in artifacts/runtime: --native=required where it must be.")
    .IsDependentOn("Native")
    .Does(() =>
    {
        var target = runtimeLibraries.Combine(RuntimeIdentifier());
        CleanDirectory(target);
        try
        {
            if (!FileExists(frontEndArchive))
            {
                throw new CakeException("there are no C kernels to link");
            }

            if (IsRunningOnUnix() && FindProgram("clang", "gcc") == null)
            {
                throw new CakeException("there is no linker driver (clang, gcc)");
            }

            var output = MakeAbsolute(Directory(ExportsProject)).Combine("bin/Release/net10.0").Combine(RuntimeIdentifier()).Combine("native");
            CleanDirectory(output);
            DotNetPublish(ExportsProject, new DotNetPublishSettings
            {
                Configuration = "Release", Runtime = RuntimeIdentifier(), MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Minimal,
            });
            CopyDirectory(output, target);
        }
        catch (CakeException exception) when (!nativeIsRequired)
        {
            Warning($"The shared library for C is left out: {exception.Message}");
        }
    });

Task("Install")
    .Description("Installs the shared library for C, its headers, a CMake package and a pkg-config file: --prefix=DIR, or artifacts/runtime-install.")
    .IsDependentOn("Exports")
    .Does(() =>
    {
        var folder = runtimeInstall.Combine(RuntimeIdentifier());
        if (prefix == "")
        {
            CleanDirectory(folder);
        }

        try
        {
            var cmake = FindProgram("cmake") ?? throw new CakeException("there is no cmake");
            var built = runtimeLibraries.Combine(RuntimeIdentifier());
            if (GetFiles($"{built}/librnnruntime.*").Count == 0)
            {
                throw new CakeException("there is no shared library for C");
            }

            var build = nativeBuilds.Combine("package");
            Run(cmake.FullPath, new ProcessArgumentBuilder()
                .Append("-S").AppendQuoted(MakeAbsolute(Directory("native/package")).FullPath).Append("-B").AppendQuoted(build.FullPath)
                .AppendQuoted("-DRNNRUNTIME_BUILT=" + built.FullPath).Append("-Wno-dev").Append("--log-level=WARNING"));
            Run(cmake.FullPath, new ProcessArgumentBuilder()
                .Append("--install").AppendQuoted(build.FullPath).Append("--prefix")
                .AppendQuoted(prefix == "" ? folder.FullPath : MakeAbsolute(Directory(prefix)).FullPath));
        }
        // Who asked for an installation and for nothing else has to hear that there is none.
        catch (CakeException exception) when (!nativeIsRequired && target != "Install")
        {
            Warning($"Nothing is installed for C: {exception.Message}");
        }
    });

Task("Pack")
    .Description("Writes the NuGet packages and the archives of the C library to artifacts/packages: --native=required where both must have C code.")
    .IsDependentOn("Install")
    .IsDependentOn("Build")
    .Does(() =>
    {
        CleanDirectory(packages);
        if (GetFiles($"{nativeLibraries}/**/*rnnkernels.*").Count == 0)
        {
            Warning("The package of the library holds no C kernels: its users get those in C# only. --native=required makes this an error.");
        }

        var projects = new List<string> { "src/RnnRuntime", "src/RnnRuntime.Import", "src/RnnRuntime.Cli" };
        // Those of other runtime identifiers come from other machines, into the same folder.
        var prefixes = GetDirectories($"{runtimeInstall}/*").Where(folder => GetFiles($"{folder}/**/*").Count > 0).ToList();
        if (prefixes.Count > 0)
        {
            Information($"The C library is packed for {string.Join(", ", prefixes.Select(folder => folder.GetDirectoryName()))}.");
            projects.Add("src/RnnRuntime.Native");
        }
        else if (nativeIsRequired)
        {
            throw new CakeException($"The C library cannot be packed: artifacts/{runtimeInstall.GetDirectoryName()} has none.");
        }
        else
        {
            Warning("The C library is not packed, as it was not built. --native=required makes this an error.");
        }

        foreach (var project in projects)
        {
            DotNetPack(project, new DotNetPackSettings
            {
                Configuration = "Release", NoBuild = true, OutputDirectory = packages, MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Minimal,
            });
        }

        var version = XmlPeek("Directory.Build.props", "/Project/PropertyGroup/Version");
        foreach (var folder in prefixes)
        {
            // An archive opens as one folder of its own name.
            var name = $"rnnruntime-native-{version}-{folder.GetDirectoryName()}";
            using var file = System.IO.File.Create(packages.CombineWithFilePath(name + ".tar.gz").FullPath);
            using var compressed = new System.IO.Compression.GZipStream(file, System.IO.Compression.CompressionLevel.SmallestSize);
            using var archive = new System.Formats.Tar.TarWriter(compressed);
            foreach (var installed in GetFiles($"{folder}/**/*"))
            {
                archive.WriteEntry(installed.FullPath, $"{name}/{folder.GetRelativePath(installed)}");
            }
        }
    });

Task("PackTest")
    .Description("Packs, installs the packages outside the tree, and builds and runs programs that use them.")
    .IsDependentOn("Pack")
    .Does(() => RunTests("Release", packageTestResults, "-trait \"Category=Packages\""));

Task("Format-Check")
    .Description("Fails where `dotnet format` would change a file.")
    .IsDependentOn("Restore")
    .Does(() => Run("dotnet", new ProcessArgumentBuilder()
        .Append("format").Append(Solution).Append("--no-restore").Append("--verify-no-changes").Append("--severity").Append("warn")));

Task("Default")
    .IsDependentOn("Test");

RunTarget(target);
