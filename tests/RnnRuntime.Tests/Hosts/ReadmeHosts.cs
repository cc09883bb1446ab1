using System.Globalization;
using System.Text.RegularExpressions;

namespace RnnRuntime.Tests.Hosts;

/// <summary>A folder with the README's examples for native hosts, a model, and what the C# library gives for the last step that they run.</summary>
internal sealed class ReadmeHosts : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly float _output;

    public ReadmeHosts()
    {
        File.WriteAllText(this["example.c"], Readme("c"));
        File.WriteAllText(this["example.cpp"], Readme("cpp"));
        using var model = RnnModel.FromGraph(TestModels.Single("lstm", 3, 5, seed: 1));
        model.Save(this["model.rnn"]);
        using var session = model.CreateSession();
        float[] input = new float[3], output = new float[5];
        for (var step = 0; step < 48000; step++)
        {
            input[0] = (float)(step % 100) / 100;
            session.Run(input, output);
        }

        _output = output[0];
    }

    public string this[string file] => _directory[file];

    /// <summary>The one block of this language.</summary>
    public static string Readme(string language)
    {
        var readme = File.ReadAllText(RepositoryFiles.Require("README.md")).ReplaceLineEndings("\n");
        return Assert.Single(Regex.Matches(readme, $"^```{Regex.Escape(language)}\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)).Groups[1].Value;
    }

    /// <summary>Builds both examples in the folder build, by a project that finds the library below this path as the README says.</summary>
    public void BuildByCMake(string prefix)
    {
        var cmake = HostProgram.RequireTool("cmake");
        HostProgram.RequireTool("g++");
        File.WriteAllText(
            this["CMakeLists.txt"],
            $"cmake_minimum_required(VERSION 3.16)\nproject(consumer C CXX)\nset(CMAKE_CXX_STANDARD 20)\nadd_executable(example example.c)\nadd_executable(example-cpp example.cpp)\n"
            + Readme("cmake") + "target_link_libraries(example-cpp PRIVATE RnnRuntime::rnnruntime)\n");
        HostProgram.Run(cmake, ["-S", this[""], "-B", this["build"], $"-DCMAKE_PREFIX_PATH={prefix}"]);
        HostProgram.Run(cmake, ["--build", this["build"]]);
    }

    /// <summary>Runs a program here; without a prefix it has to find its library by itself.</summary>
    public (int ExitCode, string Output) Run(string? prefix, string program) => HostProgram.Start(
        HostProgram.RequireTool("sh"),
        ["-c", "cd \"$0\" && exec \"./$1\"", this[""], program],
        prefix is null ? null : new() { ["LD_LIBRARY_PATH"] = Path.Combine(prefix, "lib"), ["DYLD_LIBRARY_PATH"] = Path.Combine(prefix, "lib") });

    public void AssertPrints((int ExitCode, string Output) ended)
    {
        Assert.True(ended.ExitCode == 0, ended.Output);
        var printed = float.Parse(ended.Output.TrimEnd('\n').Split('\n')[^1], CultureInfo.InvariantCulture);
        Assert.Equal(BitConverter.SingleToInt32Bits(_output), BitConverter.SingleToInt32Bits(printed));
    }

    public void Dispose() => _directory.Dispose();
}
