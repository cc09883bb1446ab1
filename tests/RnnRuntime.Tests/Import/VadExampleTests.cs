using RnnRuntime.Cli.Npy;

namespace RnnRuntime.Tests.Import;

[Collection("Current directory")]
public sealed class VadExampleTests
{
    [Fact]
    public void ItPrintsWhereSpeechBeginsAndEnds()
    {
        var folder = SharedModels.Folder("silero");
        using var directory = new TemporaryDirectory();
        File.Copy(Path.Combine(folder, "silero_vad.onnx"), directory["silero_vad.onnx"]);
        File.Copy(Path.Combine(folder, "test.wav"), directory["speech.wav"]);
        var (before, console) = (Environment.CurrentDirectory, Console.Out);
        using var printed = new StringWriter { NewLine = "\n" };
        try
        {
            Environment.CurrentDirectory = Path.GetDirectoryName(directory["speech.wav"])!;
            Console.SetOut(printed);
            VadExample.Run();
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = before;
        }

        var expected = Changes(NpyFile.Read(Path.Combine(folder, "onnx_16k_probs.npy")).ToFloat32("")).ToArray();
        Assert.True(expected.Length > 10);
        Assert.Equal(expected, printed.ToString().TrimEnd().Split('\n'));
    }

    private static IEnumerable<string> Changes(float[] probabilities)
    {
        var isSpeech = false;
        for (var chunk = 0; chunk < probabilities.Length; chunk++)
        {
            // Closer to the threshold than this, float32 decides.
            Assert.False(Math.Abs(probabilities[chunk] - 0.5f) < 1e-4f);
            if (probabilities[chunk] >= 0.5f != isSpeech)
            {
                isSpeech = !isSpeech;
                yield return $"{chunk * 512 / 16000.0:0.00} s: {(isSpeech ? "speech" : "silence")}";
            }
        }
    }
}
