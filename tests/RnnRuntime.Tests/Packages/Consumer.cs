using System.Runtime.InteropServices;
using System.Security.Cryptography;
using RnnRuntime;

namespace RnnRuntime.Tests;

/// <summary>
/// A user's program: what it prints here is what it must print where the same source is built against the packages. It knows the public library only.
/// </summary>
internal static class Consumer
{
    private const int Steps = 32;

    /// <summary>The kernels, the outputs of each model as one hash of their bits, and the README's example, which takes model.rnn of the current directory.</summary>
    public static IEnumerable<string> Describe(IEnumerable<string> files)
    {
        yield return $"default: {RnnKernels.Default}";
        yield return $"available: {string.Join(", ", RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name))}";
        foreach (var kernel in RnnKernels.All.Where(kernel => !kernel.IsAvailable))
        {
            yield return $"missing {kernel.Name}: {kernel.UnavailableReason}";
        }

        foreach (var file in files)
        {
            using var model = RnnModel.Load(file);
            yield return $"{Path.GetFileName(file)}: {Run(model)}";
        }

        yield return $"example: {BitConverter.SingleToUInt32Bits(ReadmeExample.Run()[0]):x8}";
    }

    public static string Run(RnnModel model)
    {
        using var session = model.CreateSession();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var step = 0; step < Steps; step++)
        {
            SetInputs(session, step);
            session.Run();
            for (var i = 0; i < model.Outputs.Length; i++)
            {
                var output = new float[model.Outputs[i].Shape.ElementCount];
                session.GetOutput(i, output);
                hash.AppendData(MemoryMarshal.AsBytes(output.AsSpan()));
            }
        }

        return $"{model.Kernel}, {(session.RunsNatively ? "native" : "managed")}, {Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    private static void SetInputs(RnnSession session, int step)
    {
        var inputs = session.Model.Inputs;
        for (var i = 0; i < inputs.Length; i++)
        {
            var count = inputs[i].Shape.ElementCount;
            if (inputs[i].Type == TensorType.Int32)
            {
                session.SetInput(i, Enumerable.Repeat(step % 2, count).ToArray());
            }
            else
            {
                session.SetInput(i, Enumerable.Range(0, count).Select(element => (((step * 7) + (element * 3)) % 19 / 9f) - 1).ToArray());
            }
        }
    }
}
