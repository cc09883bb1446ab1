var target = Argument("target", "Default");
// Checked is Release with the contract checks (Debug.Assert) left in.
var testConfiguration = Argument("configuration", "Checked");
var benchArguments = Argument("bench-args", "");
var emulateArguments = Argument("emulate-args", "");

const string Solution = "RnnRuntime.sln";
const string TestProject = "tests/RnnRuntime.Tests/RnnRuntime.Tests.csproj";
const string BenchProject = "bench/RnnRuntime.Bench/RnnRuntime.Bench.csproj";
var artifacts = MakeAbsolute(Directory("artifacts"));
var testResults = artifacts.CombineWithFilePath("test-results/RnnRuntime.Tests.trx");
var packages = artifacts.Combine("packages");

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

Task("Restore")
    .Does(() => DotNetRestore(Solution, new DotNetRestoreSettings { MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Quiet }));

Task("Build")
    .Description("Compiles every project in Release.")
    .IsDependentOn("Restore")
    .Does(() => DotNetBuild(Solution, new DotNetBuildSettings
    {
        Configuration = "Release", NoRestore = true, MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Minimal,
    }));

Task("Test")
    .Description("Runs every test on this machine's processor: --configuration=Checked|Release|Debug.")
    .IsDependentOn("Restore")
    .Does(() =>
    {
        DotNetBuild(TestProject, new DotNetBuildSettings
        {
            Configuration = testConfiguration, NoRestore = true, MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Minimal,
        });

        EnsureDirectoryExists(testResults.GetDirectory());
        if (FileExists(testResults))
        {
            DeleteFile(testResults);
        }

        Run("dotnet", new ProcessArgumentBuilder()
            .Append("exec")
            .AppendQuoted($"tests/RnnRuntime.Tests/bin/{testConfiguration}/net10.0/RnnRuntime.Tests.dll")
            .Append("-noLogo")
            .Append(System.Console.IsOutputRedirected ? "-noColor" : "")
            .Append("-result-trx").AppendQuoted(testResults.FullPath));

        if (!System.Xml.Linq.XDocument.Load(testResults.FullPath).Descendants().Any(element => element.Name.LocalName == "UnitTestResult"))
        {
            throw new CakeException("The test program ran no test.");
        }
    });

Task("Emulate")
    .Description("Runs the kernel tests on an emulated AVX-512 processor (Linux, Bochs): --emulate-args=\"-c MODEL\".")
    .Does(() => Run("bash", new ProcessArgumentBuilder().Append("tests/emulate.sh").Append(emulateArguments)));

Task("Bench")
    .Description("Runs the benches: --bench-args=\"...\" goes to the bench program.")
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

Task("Pack")
    .Description("Writes the NuGet packages of the library, the importers and the tool to artifacts/packages.")
    .IsDependentOn("Build")
    .Does(() =>
    {
        CleanDirectory(packages);
        foreach (var project in new[] { "src/RnnRuntime", "src/RnnRuntime.Import", "src/RnnRuntime.Cli" })
        {
            DotNetPack(project, new DotNetPackSettings
            {
                Configuration = "Release", NoBuild = true, OutputDirectory = packages, MSBuildSettings = quiet, Verbosity = DotNetVerbosity.Minimal,
            });
        }
    });

Task("Format-Check")
    .Description("Fails where `dotnet format` would change a file.")
    .IsDependentOn("Restore")
    .Does(() => Run("dotnet", new ProcessArgumentBuilder()
        .Append("format").Append(Solution).Append("--no-restore").Append("--verify-no-changes").Append("--severity").Append("warn")));

Task("Default")
    .IsDependentOn("Test");

RunTarget(target);
